/**
 * Asks the browser not to clear this site's data by itself when space runs short. A page may ask, a
 * worker may only look. Answers whether it is promised; without it a replica can lose its data at any
 * time and must not vote under the same identity after that.
 */
export async function requestPersistence(): Promise<boolean> {
  const { storage } = navigator;
  if (await storage.persisted()) return true;
  return typeof storage.persist === "function" ? await storage.persist() : false;
}
