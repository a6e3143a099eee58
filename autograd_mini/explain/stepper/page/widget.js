// Shows the stepper's page and keeps its step and Python's the same.
function render({ model, el }) {
  const frame = document.createElement("iframe");
  frame.title = "Backpropagation, step by step";
  frame.style.cssText = "width:100%;height:900px;border:0;display:block";
  frame.srcdoc = model.get("page");
  const follow = () => frame.contentWindow?.stepper?.go(model.get("step"));
  frame.addEventListener("load", () => {
    follow();
    frame.contentDocument.addEventListener("step", ({ detail }) => {
      if (detail === model.get("step")) return;
      model.set("step", detail);
      model.save_changes();
    });
  });
  model.on("change:step", follow);
  el.append(frame);
  return () => model.off("change:step", follow);
}

export default { render };
