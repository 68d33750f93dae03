import type { PurgePlan, PurgeReason } from "./purge-plan.ts";

const WHY: Record<PurgeReason, string> = {
  exact: "",
  price: "; more at once, because that is cheaper",
  time: "; more at once, because single ones take too long",
  limit: "; more at once, because the CDN takes no more single ones",
  quota: "; more at once, because of the day's quota",
  asked: "",
};

/** A plan in one line: "3 paths, 0.000 USD; 41 of 12,400 objects", and in how many requests where it takes several. */
export function purgeWords({
  items,
  requests,
  usd,
  dropped,
  changed,
  of,
  reason,
}: Omit<PurgePlan, "batches"> & { readonly requests: number }): string {
  if (items === 0) return "nothing";
  const cost = usd === undefined ? "" : `, ${usd.toFixed(3)} USD`;
  const files = dropped > of ? many(dropped, "object") : `${count(dropped)} of ${many(of, "object")}`;
  const several = requests > 1 ? ` in ${many(requests, "request")}` : "";
  const beside = dropped > changed ? `, ${count(dropped - changed)} of them unchanged` : "";
  return `${many(items, "path")}${several}${cost}; ${files}${beside}${WHY[reason]}`;
}

function many(number: number, noun: string): string {
  return `${count(number)} ${noun}${number === 1 ? "" : "s"}`;
}

function count(number: number): string {
  return String(number).replace(/\B(?=(?:\d{3})+$)/g, ",");
}
