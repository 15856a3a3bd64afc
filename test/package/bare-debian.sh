#!/usr/bin/env bash
# The packed package where nothing is installed: Debian 12 from debootstrap, with Node and npm and without a compiler. Run it by
# hand, as root, on a machine that has debootstrap; it takes some ten minutes and 2 GB, and removes what it made.
#
#   test/package/bare-debian.sh install      # npm install and npx gantry train mnist, without and with a network
#   test/package/bare-debian.sh dockerfile   # the steps of the Dockerfile
#   test/package/bare-debian.sh clone        # npm test of a clone, for the tests of the studio: installs a Chromium
#
# KEEP=1 keeps the system and prints its folder; BARE=folder uses one that was kept.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
work=${BARE:-$(mktemp -d)}
debian=$work/debian

environment="HOME=/root PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt"
inside() { chroot "$debian" /usr/bin/env -i $environment "$@"; }
# The same in a network of its own, which has no way out.
offline() { unshare --net chroot "$debian" /usr/bin/env -i $environment "$@"; }

finish() {
  umount "$debian/proc" "$debian/dev" 2>/dev/null || true
  if [ -n "${KEEP:-}" ]; then echo "kept: BARE=$work"; else rm -rf --one-file-system "$work"; fi
}
trap finish EXIT

if [ ! -d "$debian" ]; then debootstrap --variant=minbase --include=ca-certificates bookworm "$debian" >"$work/debootstrap.log"; fi
if [ ! -e "$debian/usr/local/bin/npm" ]; then
  cp /etc/resolv.conf "$debian/etc/"
  # What this machine says about its registries and certificates.
  for file in /etc/apt/apt.conf.d/*proxy* /etc/ssl/certs/ca-certificates.crt /root/.npmrc "$(npm prefix -g)/etc/npmrc"; do
    if [ -e "$file" ]; then mkdir -p "$debian$(dirname "$file")" && cp "$file" "$debian$file"; fi
  done
  cp "$(node "$root/scripts/newer-node.js")/node" "$debian/usr/local/bin/node"
  mkdir -p "$debian/usr/local/lib/node_modules"
  cp -r "$(npm root -g)/npm" "$debian/usr/local/lib/node_modules/npm"
  for name in npm npx; do ln -s "../lib/node_modules/npm/bin/$name-cli.js" "$debian/usr/local/bin/$name"; done
fi
mount --bind /dev "$debian/dev"
mount -t proc proc "$debian/proc"
for name in g++ gcc c++ cc clang make python3; do
  if inside sh -c "command -v $name" >/dev/null; then echo "note: $name is there"; fi
done

case ${1:-install} in
install)
  (cd "$root" && npm pack --silent --pack-destination "$debian/root" >/dev/null)
  inside sh -ec 'cd /root; rm -rf project; mkdir project; cd project; npm init -y >/dev/null; npm pkg set type=module; npm install ../gantry-*.tgz'
  echo "== without a network: one sentence"
  offline sh -c 'cd /root/project && npx gantry doctor; npx gantry train mnist --steps 2 --no-evaluate' || true
  echo "== with one"
  inside sh -ec 'cd /root/project && npx gantry train mnist --steps 20 --no-evaluate && npx gantry doctor'
  if inside sh -c 'command -v g++'; then echo "a compiler was installed" && exit 1; fi
  ;;
dockerfile)
  (cd "$root" && npm pack --silent --pack-destination "$debian/tmp" >/dev/null)
  inside sh -ec 'mv /tmp/gantry-*.tgz /tmp/gantry.tgz'
  # Each RUN, with the variables that ENV sets; the base image is this system.
  node -e '
    const text = require("fs").readFileSync(process.argv[1], "utf8").replace(/^#.*\n/gm, "").replace(/\\\n/g, " ");
    const lines = text.split("\n").flatMap((line) => {
      const [, what, rest] = /^(RUN|ENV) (.*)$/.exec(line) ?? [];
      return what === "ENV" ? [`export ${rest}`] : what === "RUN" ? [rest] : [];
    });
    process.stdout.write(["set -ex", ...lines, "cd /work && gantry train mnist --steps 20 --no-evaluate"].join("\n"));
  ' "$root/Dockerfile" >"$debian/tmp/steps.sh"
  mkdir -p "$debian/work"
  inside sh /tmp/steps.sh
  ;;
clone)
  git clone -q "$root" "$debian/root/clone"
  inside sh -ec 'cd /root/clone && npm test -- test/studio/page.test.ts' || true
  inside sh -c 'command -v chromium'
  ;;
esac
