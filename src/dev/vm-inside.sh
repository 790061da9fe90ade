# Runs inside the virtual machine of test/vm at each boot, as root (src/dev/vm-disk.mjs puts it there; tests are described in vm-tests.mjs). /dev/vdb is a tar with all that the
# tests need, made by src/dev/vm-run.mjs; it is unpacked at the first boot of a disk only, so that what runs since the start of a later boot
# keeps its programs. Which boot it is stands on the kernel's command line. All results go to the second serial line, which vm-run.mjs reads.
exec </dev/null >/var/log/skiff-tests.log 2>&1
stty -F /dev/ttyS1 raw -echo
boot=$(sed -n 's/.*skiff\.boot=\([0-9]*\).*/\1/p' /proc/cmdline)
payload=/payload
if [ ! -e $payload/.complete ]; then
  mkdir -p $payload
  tar -xf /dev/vdb -C $payload && chmod -R a+rX $payload && ln -sf $payload/dist/skiff /usr/local/bin/skiff && touch $payload/.complete
fi
uid=$(id -u bar)

# as KIND SECONDS COMMAND...: user: in the account's systemd user manager; session: in a login session as ssh opens one, beside the manager's
# tree; root: as a service of the system. Detached containers go on when the test has ended, as they do when a person's shell ends.
as() {
  case $1 in
    user) set -- "$2" -M bar@ --user --property=KillMode=process "${@:3}" ;;
    session) set -- "$2" --uid=bar --property=PAMName=login --property=WorkingDirectory=/home/bar "${@:3}" ;;
    root) set -- "$2" --property=KillMode=process "${@:3}" ;;
  esac
  timeout -k 10 "$1" systemd-run --quiet --wait --pipe --collect "${@:2}"
}

home() { if [ "$1" = root ]; then echo /root; else echo /home/bar; fi; }
runtime() { if [ "$1" = root ]; then echo /run; else echo "/run/user/$uid"; fi; }

# The file has a line BOOT KIND NAME SECONDS END for each test; the last one's END says how this boot ends.
grep "^$boot " $payload/tests | while read -r _ kind name seconds end; do
  echo "$end" >/run/skiff-tests-how
  echo "VM-TEST $name" >/dev/ttyS1
  report=/var/tmp/report-$name.json
  as "$kind" "$seconds" \
    --setenv=HOME="$(home "$kind")" --setenv=XDG_RUNTIME_DIR="$(runtime "$kind")" --setenv=PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin --setenv=LANG=C.UTF-8 \
    --setenv=SKIFF_BIN=$payload/dist/skiff --setenv=SKIFF_TEST_IMAGES=$payload/images --setenv=SKIFF_TEST_REPORT="$report" --setenv=CI=true --setenv=BUN_BE_BUN=1 \
    $payload/dist/skiff run "$payload/tests.d/$name.cjs" </dev/null 2>&1 | sed -u 's/^/| /' >/dev/ttyS1
  echo "VM-EXIT ${PIPESTATUS[0]}" >/dev/ttyS1
  [ -e "$report" ] && echo "VM-REPORT $(tr -d '\n' <"$report")" >/dev/ttyS1
done

left() {
  pgrep -u bar -a '^skiff-' | sed 's/^/VM-LEFT process /'
  find /home/bar/.local/share/skiff/hosts -mindepth 3 -path '*/containers/*' -prune -printf 'VM-LEFT record %p\n'
  find /sys/fs/cgroup -mindepth 1 -name 'skiff-*' ! -name 'skiff-tests*' -prune -printf 'VM-LEFT cgroup %p\n'
}
if [ "$boot" = "$(tail -n 1 $payload/tests | cut -d ' ' -f 1)" ]; then
  # The keeper goes a moment after the last container.
  for _ in 1 2 3 4 5; do [ -z "$(left 2>/dev/null)" ] || sleep 1; done
  left >/dev/ttyS1
fi
echo "VM-DONE $boot" >/dev/ttyS1
case $(cat /run/skiff-tests-how) in
  crash) sleep 1; echo b >/proc/sysrq-trigger ;;
  shutdown) touch /run/skiff-tests-end; systemctl poweroff --no-block ;;
esac
sync
