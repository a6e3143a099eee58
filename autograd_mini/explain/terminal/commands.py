"""The commands of the stepper in the terminal: move through a trace, set breakpoints, look at nodes."""

from __future__ import annotations

import cmd
from collections import Counter
from difflib import get_close_matches
from typing import Any, TextIO

from autograd_mini.explain.graph_data import Node
from autograd_mini.explain.story.steps import SumStep
from autograd_mini.explain.story.trace import Trace
from autograd_mini.explain.terminal import words
from autograd_mini.visible import visible

COMMANDS = (
    *("next", "back", "goto", "run", "into", "over", "out"),
    *("break", "delete", "print", "list", "where", "graph", "help", "quit"),
)


class Stepper(cmd.Cmd):
    """The commands. `position` is the number of steps done."""

    def __init__(self, trace: Trace, stdin: TextIO | None = None, stdout: TextIO | None = None) -> None:
        super().__init__(stdin=stdin, stdout=stdout)
        self.use_rawinput = stdin is None  # with a line to edit and names to complete
        self.trace, self.graph = trace, trace.graph
        self.position = 0
        self.stops: dict[int, None] = {}  # node indices, in the order in which they were set
        phases = Counter("backward" if isinstance(step, SumStep) else step.phase for step in trace)
        counts = ", ".join(f"{count} {phase}" for phase, count in phases.items())
        me = visible(self.graph.output.name)
        self.intro = (
            f"Backpropagation of {me} in {len(trace)} steps: {counts or 'nothing to do'}.\n"
            "next goes on, run NAME to a node, print shows numbers, help tells the rest."
        )

    @property
    def prompt(self) -> str:  # type: ignore[override]
        return f"({self.position}/{len(self.trace)}) "

    def say(self, *lines: str) -> None:
        self.stdout.writelines(f"{line}\n" for line in lines)

    # -- moving ------------------------------------------------------------------------------------

    def do_next(self, argument: str) -> None:
        """next [N]: take the next step, or the next N. An empty line repeats the last command."""
        count = self._count("next", argument)
        if count and self._can_go_on():
            self._move(min(self.position + count, len(self.trace)))

    def do_back(self, argument: str) -> None:
        """back [N]: take back the last step, or the last N."""
        count = self._count("back", argument)
        if count and not self.position:
            self.say("This is the start: nothing is done yet.")
        elif count:
            self._move(max(self.position - count, 0))

    def do_goto(self, argument: str) -> None:
        """goto N: to where step N has just been taken; goto 0 to the start, goto end to the end."""
        last = len(self.trace)
        if argument == "end":
            self._move(last)
        elif argument.isdecimal() and int(argument) <= last:
            self._move(int(argument))
        else:
            self.say(f"goto: expected a step from 0 to {last}, or end, got {visible(argument) or 'nothing'}")

    def do_run(self, argument: str) -> None:
        """run [NAME]: to the next step that reaches the node NAME; without a name to a breakpoint or the end."""
        node = self._node("run", argument) if argument else None
        if (argument and node is None) or not self._can_go_on():
            return
        for step in self.trace.steps[self.position :]:
            if step.target in self.stops or (node is not None and step.target == node.index):
                return self._move(step.number)
        if node is None:
            return self._move(len(self.trace))
        self.say(f"No step after this one reaches {visible(node.name)}; back or goto lead to earlier ones.")

    def do_into(self, argument: str) -> None:
        """into: to the first step inside the next layer."""
        here = self._layers(self.position)
        if not self._can_go_on():
            return
        for step in self.trace.steps[self.position :]:
            if set(self._layers(step.number)) - set(here):
                return self._move(step.number)
        self.say("No other layer follows; next takes one step.")

    def do_over(self, argument: str) -> None:
        """over: all of the next layer at once; inside a layer, and where there is none, one step."""
        if not self._can_go_on():
            return
        here = self._layers(self.position)
        entered = [layer for layer in self._layers(self.position + 1) if layer not in here]
        self._move(self._end_of(entered[0], self.position + 1) if entered else self.position + 1)

    def do_out(self, argument: str) -> None:
        """out: to the last step of the layer that the present step is in."""
        here = self._layers(self.position)
        if not here:
            self.say("This step is not inside a layer.")
        elif self._can_go_on():
            self._move(self._end_of(here[-1], self.position))

    def _end_of(self, layer: str, number: int) -> int:
        """The last of the steps in a row that lie in a layer; a breakpoint before."""
        while number < len(self.trace) and layer in self._layers(number + 1):
            if self.trace[number - 1].target in self.stops and number > self.position:
                break
            number += 1
        return number

    def _layers(self, number: int) -> list[str]:
        return words.layers_of(self.trace, self.trace[number - 1]) if number else []

    def _can_go_on(self) -> bool:
        if self.position < len(self.trace):
            return True
        self.say("This is the end; back and goto lead back into the story.")
        return False

    def _move(self, position: int) -> None:
        self.position = position
        if not position:
            return self.say("At the start: the leaves are given, nothing is computed yet.")
        step = self.trace[position - 1]
        self.say(*words.step_lines(self.trace, step))
        if step.target in self.stops:
            self.say(f"      breakpoint at {visible(self.graph.nodes[step.target].name)}")

    # -- breakpoints -------------------------------------------------------------------------------

    def do_break(self, argument: str) -> None:
        """break [NAME]: let run, over and out stop where NAME is reached; without a name list the breakpoints."""
        if argument:
            node = self._node("break", argument)
            if node is None:
                return
            self.stops[node.index] = None
        names = ", ".join(visible(self.graph.nodes[i].name) for i in self.stops)
        self.say(f"breakpoints: {names or 'none; break NAME sets one'}")

    def do_delete(self, argument: str) -> None:
        """delete [NAME]: take a breakpoint away; without a name all of them."""
        if not argument:
            self.stops.clear()
            return self.say("breakpoints: none")
        node = self._node("delete", argument)
        if node is not None and node.index not in self.stops:
            self.say(f"delete: no breakpoint at {visible(node.name)}")
        elif node is not None:
            del self.stops[node.index]
            self.do_break("")

    # -- looking -----------------------------------------------------------------------------------

    def do_print(self, argument: str) -> None:
        """print [NAME]: the node NAME as it is now; without a name the present step, with all digits."""
        if argument:
            node = self._node("print", argument)
            if node is not None:
                self.say(*words.node_lines(self.trace, node, self.position))
        elif not self.position:
            self.say("At the start there is no step to print; print NAME shows a node.")
        else:
            step = self.trace[self.position - 1]
            self.say(*words.step_lines(self.trace, step), *words.fact_lines(step))

    def do_list(self, argument: str) -> None:
        """list [FROM [TO]]: the steps around the present one, or those from FROM to TO, a line each."""
        ends = argument.split()
        if not all(end.isdecimal() for end in ends) or len(ends) > 2:
            return self.say(f"list: expected numbers of steps, such as list 1 10, got {visible(argument)}")
        first = int(ends[0]) if ends else self.position - 5
        last = int(ends[1]) if len(ends) > 1 else max(first, 1) + 10
        self.say(*words.list_lines(self.trace, first, last, self.position))

    def do_where(self, argument: str) -> None:
        """where: the present step, its layer, what comes next, and the breakpoints."""
        around = self.trace.steps[max(self.position - 1, 0) : self.position + 1]
        if self.position:
            self.say(f"after step {self.position} of {len(self.trace)}: {words.place(self.trace, around[0])}")
        else:
            self.say("at the start")
        more = self.position < len(self.trace)
        following = f"step {self.position + 1}, {words.place(self.trace, around[-1])}" if more else "this is the end"
        self.say(f"next: {following}")
        self.do_break("")

    def do_graph(self, argument: str) -> None:
        """graph: every node with its value and its gradient as they are now."""
        self.say(*words.graph_lines(self.trace, self.position))

    # -- the rest ----------------------------------------------------------------------------------

    def do_help(self, argument: str) -> None:
        """help [COMMAND]: what the commands do."""
        wanted = self._full(argument)
        if argument and not wanted:
            return self.default(argument)
        for name in [wanted] if wanted else COMMANDS:
            usage, _, what = (getattr(self, f"do_{name}").__doc__ or "").partition(": ")
            self.say(f"  {usage:<18}{what}")
        if not wanted:
            self.say("A command may be shortened as long as it is clear; NAME may also be a node's number, as in #3.")

    def do_quit(self, argument: str) -> bool:
        """quit: leave; so does the end of the input (Ctrl-D)."""
        return True

    def do_EOF(self, argument: str) -> bool:
        self.say("")
        return True

    def parseline(self, line: str) -> tuple[str | None, str | None, str]:
        word, argument, line = super().parseline(line)
        return self._full(word or "") or word, argument, line

    def _full(self, word: str) -> str | None:
        """The command that a word stands for, if it is clear."""
        found = [name for name in COMMANDS if word and name.startswith(word)]
        return word if word in COMMANDS else found[0] if len(found) == 1 else None

    def default(self, line: str) -> None:
        word = line.split()[0]
        several = [name for name in COMMANDS if name.startswith(word)]
        near = several or get_close_matches(word, COMMANDS)
        if several:
            self.say(f"{word} may mean {' or '.join(several)}")
        else:
            hint = f"did you mean {' or '.join(near)}?" if near else "help lists what there is"
            self.say(f"no command {visible(word)!r}; {hint}")

    def _count(self, command: str, argument: str) -> int:
        if not argument:
            return 1
        if argument.isdecimal() and int(argument):
            return int(argument)
        self.say(f"{command}: expected how many steps, a number from 1, got {visible(argument)}")
        return 0

    def _node(self, command: str, argument: str) -> Node | None:
        """The node of a name as it is shown, or of #index."""
        nodes = self.graph.nodes
        if not argument:
            self.say(f"{command}: expected the name of a node; graph lists them")
            return None
        if argument[0] == "#" and argument[1:].isdecimal() and int(argument[1:]) < len(nodes):
            return nodes[int(argument[1:])]
        found = [node for node in nodes if node.name and argument in (node.name, visible(node.name))]
        if len(found) == 1:
            return found[0]
        if found:
            choices = " or ".join(f"#{node.index}" for node in found)
            self.say(f"{command}: {len(found)} nodes are called {visible(argument)}; say which: {choices}")
            return None
        near = get_close_matches(argument, [visible(node.name) for node in nodes if node.name])
        hint = f"did you mean {' or '.join(near)}?" if near else "graph lists them"
        self.say(f"{command}: no node is called {visible(argument)}; {hint}")
        return None

    def _names(self, text: str, *_: Any) -> list[str]:
        return [visible(node.name) for node in self.graph.nodes if node.name and visible(node.name).startswith(text)]

    complete_run = complete_break = complete_delete = complete_print = _names
