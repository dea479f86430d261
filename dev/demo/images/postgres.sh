#!/bin/sh
# Run by mmdebstrap after trim.sh: the server's own programs without Debian's wrappers, without the compiler library
# that only just-in-time compilation needs, and with the start script.
set -eu
root=$1

rm -f "$root"/usr/lib/*/libLLVM* "$root"/usr/lib/*/libz3* "$root"/usr/lib/postgresql/*/lib/llvmjit*
rm -rf "$root"/usr/lib/postgresql/*/lib/bitcode "$root"/usr/lib/llvm-*
for program in "$root"/usr/lib/postgresql/*/bin/*; do
    ln -sf "${program#"$root"}" "$root/usr/bin/${program##*/}"
done
mkdir -p "$root/usr/local/bin" "$root/var/lib/postgresql/data" "$root/var/run/postgresql"
chmod 1777 "$root/var/lib/postgresql/data" "$root/var/run/postgresql"

cat > "$root/usr/local/bin/start-postgres" <<'START'
#!/bin/sh
# Makes the database on an empty volume, then becomes the server. PASSWORD_FILE holds the password of the role "shop".
set -eu
volume=/var/lib/postgresql/data
data=$volume/cluster
if [ ! -s "$data/PG_VERSION" ]; then
    rm -rf "$data.new"
    initdb --pgdata="$data.new" --username=postgres --auth=trust --no-locale --encoding=UTF8 --no-sync
    echo 'host all all all scram-sha-256' >> "$data.new/pg_hba.conf"
    postgres --single -F -D "$data.new" postgres <<SQL
CREATE ROLE shop LOGIN PASSWORD '$(cat "$PASSWORD_FILE")'
CREATE DATABASE shop OWNER shop
SQL
    sync
    mv "$data.new" "$data"
fi
exec postgres -D "$data" -k /var/run/postgresql "$@"
START
chmod 755 "$root/usr/local/bin/start-postgres"
