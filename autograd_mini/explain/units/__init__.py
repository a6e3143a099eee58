"""Dense networks seen as units: found in a graph, put through the delta rule, drawn as a network."""
