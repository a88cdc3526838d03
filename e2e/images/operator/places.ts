// Which files of a Debian package go into the image, and where: libraries, licences and the name of the release. Pure.

/** Undefined: left out. Debian keeps /lib and /usr/lib apart in its packages, and together when they are installed. */
export function placeOf(path: string): string | undefined {
  const place = path.replace(/^(lib|lib64)\//, 'usr/$1/');
  const isLibrary = /^usr\/lib(64)?\/([^/]+-linux-gnu\/)?[^/]+\.so[^/]*$/.test(place);
  const isLicence = /^usr\/share\/doc\/[^/]+(\/copyright)?$/.test(place);
  const isRelease = ['etc/os-release', 'usr/lib/os-release', 'etc/debian_version'].includes(place);
  return isLibrary || isLicence || isRelease ? place : undefined;
}
