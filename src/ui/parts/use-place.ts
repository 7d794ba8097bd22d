import { useEffect, useState } from 'preact/hooks';

/** What the address says behind `#`, as it changes. */
export function usePlace<T>(placeOf: (hash: string) => T): T {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const look = () => setHash(location.hash);
    window.addEventListener('hashchange', look);
    return () => window.removeEventListener('hashchange', look);
  }, []);
  return placeOf(hash);
}
