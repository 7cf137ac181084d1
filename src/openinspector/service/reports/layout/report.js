
(function () {
  "use strict";
  var bar = document.getElementById("tools");
  var words = document.getElementById("words");
  var status = document.getElementById("status");
  var rules = Array.prototype.slice.call(document.querySelectorAll("details.rule"));
  if (!bar) { return; }
  var boxes = Array.prototype.slice.call(bar.querySelectorAll("input[type=checkbox]"));
  var texts = null;
  function sift() {
    var wanted = words.value.trim().toLowerCase();
    if (wanted && !texts) { texts = rules.map(function (rule) { return rule.textContent.toLowerCase(); }); }
    var shown = boxes.filter(function (box) { return box.checked; }).map(function (box) { return box.value; });
    var count = 0;
    rules.forEach(function (rule, place) {
      var fits = shown.indexOf(rule.dataset.severity) >= 0 && (!wanted || texts[place].indexOf(wanted) >= 0);
      rule.hidden = !fits;
      if (fits) { count += 1; }
    });
    status.textContent = count === rules.length ? "" : count + " of " + rules.length + " rules shown";
  }
  function fold(open) { rules.forEach(function (rule) { if (!rule.hidden) { rule.open = open; } }); }
  words.addEventListener("input", sift);
  boxes.forEach(function (box) { box.addEventListener("change", sift); });
  document.getElementById("unfold").addEventListener("click", function () { fold(true); });
  document.getElementById("fold").addEventListener("click", function () { fold(false); });
  bar.hidden = false;
  function unfoldTarget() {
    var aim = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    if (aim && aim.tagName === "DETAILS") { aim.open = true; }
  }
  window.addEventListener("hashchange", unfoldTarget);
  unfoldTarget();
})();
