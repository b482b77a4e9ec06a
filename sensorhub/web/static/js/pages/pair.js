/** Connect this screen: the PIN that the hub shows. */

import { post } from "../api.js";
import { h } from "../dom.js";
import { complaint } from "../shell.js";
import { t } from "../texts.js";

/** @param {{refresh: Function, place: Function}} page */
export function draw({ refresh, place }) {
  const pin = h("input", {
    id: "pin", name: "pin", inputmode: "numeric", autocomplete: "one-time-code", maxlength: 7, required: true,
  });
  const said = h("div", {});
  const form = h(
    "form",
    {
      class: "narrow",
      onsubmit: async (event) => {
        event.preventDefault();
        try {
          await post("/api/pair", { pin: pin.value });
          await refresh();
        } catch (error) {
          said.replaceChildren(complaint(error));
          pin.select();
        }
      },
    },
    h("p", {}, t("pair_intro")),
    h("label", { for: "pin" }, t("pin")),
    pin,
    h("button", { class: "big primary" }, t("connect")),
    said,
  );
  place(t("pair"), form);
  pin.focus();
}
