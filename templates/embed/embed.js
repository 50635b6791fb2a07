{% comment %}
What other sites load, by one line where the frame should stand:

  <script src="https://.../embed.js" data-campaign="slug" data-show="form" data-language="fr" async></script>

A link stands there until the frame has spoken, and for good where it may not be shown.
{% endcomment %}{% autoescape off %}(() => {
  const script = document.currentScript;
  const { campaign, show, language } = script.dataset;
  const { origin } = new URL(script.src);
  const texts = {{ texts }};
  const words = texts[(language || navigator.language).split("-")[0]] || texts.en;
  const counts = show === "counter";
  const slug = encodeURIComponent(campaign);
  // The host alone, so that the campaign sees which site a signature came by.
  const source = `source=${location.hostname.slice(0, 60)}`;
  const query = language ? `?language=${encodeURIComponent(language)}&${source}` : `?${source}`;

  const link = document.createElement("a");
  link.href = `${origin}/${slug}/${query}`;
  link.target = "_blank";
  link.rel = "noopener";
  link.textContent = words.form;

  const frame = document.createElement("iframe");
  frame.src = `${origin}/embed/${slug}/${counts ? "counter/" : ""}${query}`;
  frame.title = counts ? words.counter : words.form;
  frame.loading = "lazy";
  frame.referrerPolicy = "strict-origin";
  const style = { display: "block", width: "100%", maxWidth: "40rem", height: "0", border: "0" };
  Object.assign(frame.style, style);

  addEventListener("message", ({ source, origin: from, data }) => {
    if (source !== frame.contentWindow || from !== origin || !(data > 0)) return;
    link.remove();
    frame.style.height = `${data}px`;
  });

  // An answer is shorter than the form whose button was pressed, and its beginning is out of sight.
  let answered = false;
  frame.addEventListener("load", () => {
    if (answered && frame.getBoundingClientRect().top < 0) frame.scrollIntoView();
    answered = true;
  });

  const place = document.createElement("div");
  place.append(link, frame);
  script.after(place);
})();
{% endautoescape %}
