#!/bin/sh
# Run by mmdebstrap on an extracted root file system, given as the first argument: takes out what a container never
# reads, and makes the accounts that no maintainer script made. What apt needs stays: mmdebstrap cleans that itself.
set -eu
root=$1

rm -rf "$root"/usr/share/doc "$root"/usr/share/man "$root"/usr/share/info "$root"/usr/share/locale \
    "$root"/usr/share/i18n "$root"/usr/share/lintian "$root"/usr/share/bug "$root"/usr/share/perl* \
    "$root"/usr/share/bash-completion "$root"/usr/share/zsh "$root"/usr/share/fish "$root"/usr/share/pixmaps \
    "$root"/usr/lib/*/perl* "$root"/usr/lib/*/libperl* "$root"/usr/lib/*/gconv "$root"/usr/lib/systemd \
    "$root"/var/log/* "$root"/etc/rc?.d "$root"/etc/init.d "$root"/etc/cron.* "$root"/etc/logrotate.d
rm -f "$root"/usr/bin/perl* "$root"/etc/resolv.conf "$root"/etc/hostname

mkdir -p "$root/tmp" "$root/run" "$root/proc" "$root/sys" "$root/dev" "$root/root"
chmod 1777 "$root/tmp"
printf 'root:x:0:0:root:/root:/bin/sh\nservice:x:999:999:service:/tmp:/bin/sh\n' > "$root/etc/passwd"
printf 'root:x:0:\nservice:x:999:\n' > "$root/etc/group"
printf 'passwd: files\ngroup: files\nhosts: files dns\n' > "$root/etc/nsswitch.conf"
[ -e "$root/usr/bin/sh" ] || ln -s dash "$root/usr/bin/sh"
