/**
 * How long Coder sends a webhook again that was not answered 2xx: 5 attempts in all, some 5 min 15 s apart
 * (`CODER_NOTIFICATIONS_MAX_SEND_ATTEMPTS`, `…_RETRY_INTERVAL` and `…_FETCH_INTERVAL` at their defaults). Then it is
 * lost. Every text that tells it takes it from here.
 */
export const CODER_PATIENCE = "about 21 minutes";
