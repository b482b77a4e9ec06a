/** Settings of this screen. */

import { post } from "../api.js";
import { h } from "../dom.js";
import { keep, setting, useTheme, wantedLanguage } from "../settings.js";
import { complaint } from "../shell.js";
import { LANGUAGES, t, useLanguage } from "../texts.js";
import { play } from "../tones.js";

/** @param {{me: Object, refresh: Function, go: Function, place: Function}} page */
export function draw({ me, refresh, go, place }) {
  const choice = (name, label, options, chosen, change) =>
    h(
      "fieldset",
      {},
      h("legend", {}, label),
      h("div", { class: "choices" }, Object.entries(options).map(([value, text]) =>
        h("label", { class: "choice" },
          h("input", { type: "radio", name, value, checked: value === chosen, onchange: () => change(value) }),
          h("span", {}, text)))),
    );
  const volume = h("input", {
    type: "range", id: "volume", min: 0, max: 100, step: 10, value: setting("volume"),
    oninput: (event) => keep("volume", Number(event.target.value)),
  });
  place(
    t("settings"),
    choice("language", t("language"), LANGUAGES, wantedLanguage(), async (value) => {
      keep("language", value);
      await useLanguage(value);
      go("settings");
    }),
    choice("theme", t("theme"), { auto: t("theme_auto"), light: t("theme_light"), dark: t("theme_dark") }, setting("theme"), (value) => {
      keep("theme", value);
      useTheme();
    }),
    choice("sound", t("sound"), { off: t("sound_off"), tones: t("sound_tones"), voice: t("sound_voice") }, setting("sound"), (value) => keep("sound", value)),
    h("p", {}, h("label", { for: "volume" }, t("volume")), volume, h("button", { onclick: () => play("set_done") }, t("try_sound"))),
    h("h2", {}, t("person")),
    h("p", {}, `${me.person} · ${t("role")}: ${t(me.role)}`),
    codeForm(me),
    h("button", {
      onclick: async () => {
        await post("/api/leave");
        await refresh();
      },
    }, t("leave")),
    h("p", { class: "meta" }, t("leave_hint")),
  );
}

/** The person's own code, for a screen that people share. */
function codeForm(me) {
  const said = h("div", {});
  const code = h("input", { id: "code", type: "password", autocomplete: "new-password", maxlength: 64 });
  return h("form", { class: "narrow", onsubmit: async (event) => {
    event.preventDefault();
    try {
      const { locked } = await post("/api/code", { code: code.value });
      code.value = "";
      said.replaceChildren(h("p", { class: "good", role: "status" }, t(locked ? "code_set" : "code_gone")));
    } catch (error) {
      said.replaceChildren(complaint(error));
    }
  } },
  h("label", { for: "code" }, t("own_code", { person: me.person })), code,
  h("p", { class: "meta" }, t("code_hint")), h("button", {}, t("save")), said);
}
