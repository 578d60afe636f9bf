#!/bin/sh
# Makes what compose.yaml needs beside it and the repository does not have: .env with random secrets, mosquitto.passwd with
# the password of the user "apium", prometheus-token with the viewer's token of API_TOKENS.
#
# What is there stays as it is; a second run makes only what is missing, and gives the files back to whom they are for. All
# have mode 600. A container reads the two it mounts as a user of its own (mosquitto 1883, Prometheus 65534), so they are
# given to that: by root, or by whoever may start containers.
set -eu
umask 077
cd "$(dirname "$0")"

MOSQUITTO_UID=1883
PROMETHEUS_UID=65534
trap 'rm -f .env.part mosquitto.passwd.part prometheus-token.part' EXIT

say() { printf '%s\n' "$*"; }
fail() {
  printf 'prepare.sh: %s\n' "$*" >&2
  exit 1
}

# A letter first: NATS reads what looks like a number as one.
secret() { printf 's%s' "$(od -An -tx1 -N24 /dev/urandom | tr -d ' \n')"; }

# What .env says of a name.
value() { sed -n "s/^$1=//p" .env | tail -n 1 | sed "s/^[\"']\(.*\)[\"']\$/\1/"; }

in_mosquitto_image() {
  image=$(sed -n 's/^ *image: \(eclipse-mosquitto:.*\)$/\1/p' compose.yaml)
  command -v docker >/dev/null && docker run --rm --user 0:0 -v "$PWD:/deploy" "$image" "$@"
}

# Ownership is as the containers see it: through a container it is right without root, too.
give_to() {
  [ "$(ls -ldn "$2" | awk '{ print substr($1, 1, 10), $3 }')" = "-rw------- $1" ] && return
  { chmod 600 "$2" && chown "$1:$1" "$2"; } 2>/dev/null ||
    in_mosquitto_image sh -c "chmod 600 /deploy/$2 && chown $1:$1 /deploy/$2" ||
    fail "$2 is there, but its container cannot read it: chown $1:$1 deploy/$2 as root"
}

make_env() {
  for file in mosquitto.passwd prometheus-token; do
    [ ! -e "$file" ] || fail "$file is there and .env, which it belongs to, is not: bring .env back, or remove $file"
  done
  # By the shell alone: on a command line everybody on the machine could read them.
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in
      POSTGRES_PASSWORD= | NATS_PASSWORD= | MQTT_PASSWORD= | JWT_SECRET=) printf '%s%s\n' "$line" "$(secret)" ;;
      API_TOKENS=) printf '%sadmin:%s,viewer:%s\n' "$line" "$(secret)" "$(secret)" ;;
      *) printf '%s\n' "$line" ;;
    esac
  done <.env.example >.env.part
  # Root makes it for whoever has the folder, who starts Compose.
  [ "$(id -u)" != 0 ] || chown "$(ls -ldn . | awk '{ print $3 ":" $4 }')" .env.part
  mv .env.part .env
  say "made .env, with secrets of its own; yours to write there: SMTP_URL, MAIL_FROM, ALERT_TO"
}

make_passwords() {
  password=$(value MQTT_PASSWORD)
  [ -n "$password" ] || fail "MQTT_PASSWORD in .env is empty: the broker's password of the user apium"
  # Hashed in its file, for the same reason.
  printf 'apium:%s\n' "$password" >mosquitto.passwd.part
  if command -v mosquitto_passwd >/dev/null; then
    mosquitto_passwd -U mosquitto.passwd.part
  else
    in_mosquitto_image mosquitto_passwd -U /deploy/mosquitto.passwd.part ||
      fail "mosquitto_passwd is needed for mosquitto.passwd: install it (Debian: mosquitto), or let Docker run here"
  fi
  mv mosquitto.passwd.part mosquitto.passwd
  say "made mosquitto.passwd, with the user apium"
}

make_token() {
  token=$(value API_TOKENS | tr ',' '\n' | sed -n 's/^ *viewer:\([^ ]*\) *$/\1/p' | head -n 1)
  [ -n "$token" ] || fail "API_TOKENS in .env has no viewer:token, which Prometheus needs"
  printf '%s' "$token" >prometheus-token.part
  mv prometheus-token.part prometheus-token
  say "made prometheus-token, the viewer of API_TOKENS"
}

for file in .env mosquitto.passwd prometheus-token; do
  # Docker makes a folder of a mounted file that is missing.
  [ ! -d "$file" ] || fail "$file is a folder, made by a start without it: docker compose down, rmdir deploy/$file, and again"
done
[ -e .env ] || make_env
[ -e mosquitto.passwd ] || make_passwords
[ -e prometheus-token ] || make_token
give_to "$MOSQUITTO_UID" mosquitto.passwd
give_to "$PROMETHEUS_UID" prometheus-token
say "deploy/ has what compose.yaml needs"
