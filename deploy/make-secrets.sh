#!/bin/sh
# Makes the passwords of one installation, in deploy/secrets or the directory that is named. Nothing that is
# there already is changed. Put your providers' keys into worker.env afterwards.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
goal=${1:-$here/secrets}
redis=${REDIS_HOST:-valkey:6379}
if [ -e "$goal" ]; then
    echo "$goal is there already; nothing was changed." >&2
    exit 1
fi
# Readable for the containers' users; the directory is for nobody else.
umask 022
mkdir -p "$goal"
chmod 700 "$goal"
word() { head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n'; }

cp "$here/valkey-users.acl" "$goal/users.acl"
for user in operator worker producer watcher flower; do
    password=$(word)
    sed "s/>change-me-$user />$password /" "$goal/users.acl" >"$goal/users.acl.new"
    mv "$goal/users.acl.new" "$goal/users.acl"
    echo "redis://$user:$password@$redis/0" >"$goal/redis-url-$user"
done
word >"$goal/flower-password"
word >"$goal/grafana-password"
word >"$goal/ui-token"

access=$(word)
secret=$(word)
sed -e "s/change-me-access/$access/" -e "s/change-me-secret/$secret/" "$here/seaweed.json" >"$goal/s3.json"
sed -e "/^IMAGEMILL_REDIS_URL=/d" \
    -e "s|^IMAGEMILL_S3_ENDPOINT_URL=.*|IMAGEMILL_S3_ENDPOINT_URL=http://seaweed:8333|" \
    -e "s/^AWS_ACCESS_KEY_ID=.*/AWS_ACCESS_KEY_ID=$access/" \
    -e "s/^AWS_SECRET_ACCESS_KEY=.*/AWS_SECRET_ACCESS_KEY=$secret/" \
    "$here/worker.env.example" >"$goal/worker.env"
chmod 600 "$goal/worker.env"
echo "Made $goal. Now put your providers' keys into $goal/worker.env."
