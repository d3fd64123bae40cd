// The cookie that makes this browser's trainings its own. It draws nothing.

/** ui/train/owner.py has the same name. */
const COOKIE = "latent_explorer_owner";
const YEAR_SECONDS = 365 * 24 * 3600;

export class Owner {
  /**
   * Keep the token that the server proposes, unless another tab of this browser has one already: then the server takes that.
   * @param {{setStateValue: (key: string, value: any) => void}} component
   * @param {{token: string}} data
   */
  update({ setStateValue }, { token }) {
    const kept = readCookie() || token;
    const secure = window.location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `${COOKIE}=${kept}; path=/; max-age=${YEAR_SECONDS}; SameSite=Strict${secure}`;
    if (kept !== token) setStateValue("owner", kept);
  }

  destroy() {}
}

/** @returns {string} the token, "" where there is none or it is not one of ours */
function readCookie() {
  const found = new RegExp(`(?:^|; )${COOKIE}=([0-9a-f]{32})(?:;|$)`).exec(document.cookie);
  return found ? found[1] : "";
}
