# One script for every container tool that takes Docker's command line: `TOOL=/path/to/docker sh commands.sh SECTION` prints a transcript.
# Under each command stands what it wrote to standard output, `!` when it wrote to standard error too, and its exit code.
# Needs an image `busybox`, and leaves neither container nor network. What each section compares is told by its name; transcript.ts takes times and ids out.

# One command: its words, its output, its exit code.
t() {
  echo "\$ $*"
  "$TOOL" "$@" > out 2> err
  code=$?
  sed 's/^/  /' out
  # Output without a newline at its end is still a line of the transcript.
  [ -z "$(tail -c 1 out)" ] || echo
  if [ -s err ]; then echo '!'; [ -z "${SHOW_ERRORS:-}" ] || sed 's/^/! /' err >&2; fi
  echo "= $code"
}

# The same, with what goes to standard error shown, for commands that hand on a container's.
te() {
  echo "\$ $*"
  "$TOOL" "$@" > out 2> err
  code=$?
  sed 's/^/  /' out
  [ -z "$(tail -c 1 out)" ] || echo
  sed 's/^/E /' err
  [ -z "$(tail -c 1 err)" ] || echo
  echo "= $code"
}

# The same for output whose order is nobody's promise.
sorted() {
  echo "\$ $*"
  "$TOOL" "$@" > out 2> err
  code=$?
  sort out | sed 's/^/  /'
  echo "= $code"
}

# Not part of the comparison.
q() { "$TOOL" "$@" > /dev/null 2>&1; }

box() { q run -d --network none --name "$@"; }
idle() { name=$1; shift; box "$name" "$@" busybox sh -c 'trap "exit 0" TERM; while :; do sleep 0.05; done'; }
ended() { q run --network none --name "$@"; }
# until_status NAME STATUS: waits for it, at most a few seconds.
until_status() {
  tries=0
  while [ "$("$TOOL" inspect --format '{{.State.Status}}' "$1" 2>&1)" != "$2" ]; do
    tries=$((tries + 1))
    [ $tries -lt 50 ] || { echo "$1 does not become $2"; return; }
    sleep 0.1
  done
}
clear() { ids=$("$TOOL" ps -aq); [ -z "$ids" ] || q rm -f $ids; }

s_create_and_start() {
  t create --network none --name xa busybox echo hello
  t ps
  t ps -a --format '{{.Names}} {{.Status}} {{.State}}'
  t inspect --format '{{.State.Status}} {{.State.ExitCode}} {{.State.Running}} {{.State.StartedAt}} {{.State.FinishedAt}} {{.State.Pid}}' xa
  t logs xa
  t start -a xa
  t start -a xa
  t logs xa
  t create --network none --name xa busybox true
  t create --name 'b/c' busybox true
  t create --name xb --pull never no-such-image true
  t create
  t start nobody
  t start xa nobody
  idle xb
  t start xb
  t start xb xb
  t rm xb
  t rm -f xb
  t create --network none --name xc busybox no-such-program
  t start xc
  t inspect --format '{{.State.Status}} {{.State.ExitCode}} {{ne .State.Error ""}}' xc
  t start -a xc
  t create --network none --name xd busybox sh -c 'exit 7'
  t start -a xd
  t start xd
  until_status xd exited
  t start -a xd xc
  t create -i --network none --name xe busybox cat
  echo "input" > in; echo '$ start -ai e'; "$TOOL" start -ai xe < in; echo "= $?"
  t start --no-such-flag xa
}

s_run() {
  te run --rm --network none busybox sh -c 'echo out; echo err >&2'
  for code in 0 1 42 125 126 127 128 255; do t run --rm --network none busybox sh -c "exit $code"; done
  t run --rm --network none busybox sh -c 'kill -9 $$'
  t run --rm --network none busybox sh -c 'sh -c "kill -15 \$\$"'
  t run --rm --network none busybox no-such-program
  t run --rm --network none busybox /etc
  t run --rm --network none busybox /etc/passwd
  t run --rm --network none -w /etc/passwd busybox true
  t run --rm --network none --user nobody-here busybox true
  t run --rm --network none --user 12:34 busybox id
  t run --rm --no-such-flag busybox true
  t run --rm --pull never no-such-image true
  t run --rm --network none --env A=1 --env B --hostname xh -w /tmp busybox sh -c 'echo $A/$B/$(hostname)/$(pwd)/$HOME/$TERM/$PATH'
  t run --rm --network none --entrypoint echo busybox one two
  t run --rm --network none --entrypoint '' busybox echo two
  t run --rm --network none --read-only busybox touch /file
  t run --rm --network none --ulimit nofile=100:200 busybox sh -c 'ulimit -n; ulimit -Hn'
  t run --rm --network none --tmpfs /t:size=1m busybox sh -c 'df -k /t | tail -1 | tr -s " " | cut -d" " -f1,2'
  t run --rm --network none --cap-drop all busybox sh -c 'grep Cap /proc/self/status'
  t run --rm --network none busybox sh -c 'grep -E "Cap|NoNewPrivs|Seccomp:" /proc/self/status'
  t run --rm --network none --add-host one:10.0.0.1 busybox grep one /etc/hosts
  t run --rm --network none -t busybox sh -c 'echo x'
  t run --rm -d --network none busybox true
  t run -d --network none --name xa busybox sleep 100
  t run -d --network none --name xa busybox sleep 100
  t run -d --network none --name xb busybox no-such-program
  t ps -a --format '{{.Names}} {{.Status}}'
  t run --rm --network none --cidfile cid busybox true
  t run --rm --network none --cidfile cid busybox true
  t run --rm --restart always --network none busybox true
  t run -it --rm --network none busybox true
  t run
  t run --name '' --rm --network none busybox true
  t run --rm --network none --stop-signal NOPE busybox true
  t run --rm --network none --memory 1 busybox true
  t run --rm --network none --env-file no-such-file busybox true
  t run --rm --network none -v relative/path:/x:nope busybox true
  t run --rm --network none -l a=1 -l xb busybox true
  t run --rm --network none --hostname 'bad name' busybox true
  echo 'given' > in; echo '$ run -i cat'; "$TOOL" run --rm -i --network none busybox cat < in; echo "= $?"
  echo 'given' > in; echo '$ run cat'; "$TOOL" run --rm --network none busybox cat < in; echo "= $?"
  t run --rm --network none -a stdout busybox sh -c 'echo out; echo err >&2'
  t run --rm --network none -a stderr busybox sh -c 'echo out; echo err >&2'
}

s_ps() {
  box first --label color=red --label size=big busybox sleep 1000
  ended second --label color=blue busybox sh -c 'exit 3'
  box third -v /tmp:/mnt busybox sleep 1000
  q create --network none --name fourth busybox echo 'a command line that is rather long'
  q pause third
  t ps
  t ps -a
  t ps -aq
  t ps -l
  t ps -ql
  t ps -n 2
  t ps -n 2 -q
  t ps -n 0
  t ps -a --no-trunc
  t ps -aq --no-trunc
  t container ls -aq
  t container ps
  t container list
  for filter in status=running status=paused status=exited status=created status=dead status=restarting exited=3 exited=0 name=ir name=^first$ label=color label=color=red label=color=green \
    ancestor=busybox ancestor=nobody before=third since=second volume=/mnt volume=/tmp network=none network=nobody health=none is-task=false publish=80 expose=80; do
    t ps -a --filter $filter --format '{{.Names}}'
  done
  t ps -a --filter name=first --filter name=second --format '{{.Names}}'
  t ps -a --filter status=exited --filter status=created --format '{{.Names}}'
  t ps -a --filter label=color --filter label=size --format '{{.Names}}'
  t ps --filter status=exited --format '{{.Names}}'
  t ps -a --filter status=nonsense
  t ps -a --filter nonsense=1
  t ps -a --filter nonsense
  t ps -a --filter exited=x
  t ps -a --filter before=nobody
  t ps -a --format '{{.ID}}|{{.Image}}|{{.Command}}|{{.RunningFor}}|{{.Ports}}|{{.State}}|{{.Status}}|{{.Names}}|{{.Labels}}|{{.Mounts}}|{{.LocalVolumes}}|{{.Networks}}'
  t ps -a --format '{{.Label "color"}}'
  t ps -a --format 'table {{.Names}}\t{{.Command}}\t{{.State}}'
  t ps -a --no-trunc --format '{{.Command}}'
  t ps -a --format '{{upper .Names}} {{json .Names}} {{len .Names}} {{printf "%-8s|" .Names}}'
  t ps -a --format '{{if eq .State "exited"}}{{.Names}}{{else}}-{{end}}'
  t ps -a --format '{{.Nonsense}}'
  t ps -a --format '{{.Names'
  t ps -a --format json
  t ps -a --format '{{json .}}'
  t ps extra words
  t ps --no-such-flag
}

s_inspect() {
  q create --network none --name xa --hostname xh --domainname xd --user 1:2 -e A=b -e EMPTY= -w /tmp --label l=m --entrypoint sh --stop-signal INT --stop-timeout 3 -v /tmp:/mnt:ro --tmpfs /t \
    --cap-add net_admin --cap-drop chown --add-host x:1.2.3.4 --dns 9.9.9.9 --dns-search s --dns-option ndots:1 --ulimit nofile=10:20 --sysctl net.ipv4.ip_forward=1 --shm-size 1m \
    --oom-score-adj 100 --read-only --init --log-driver json-file --log-opt max-size=1m --expose 80 --group-add 5 --security-opt no-new-privileges --ipc private --device /dev/null:/dev/n busybox -c 'echo x'
  box xb -it busybox sh
  ended xc busybox sh -c 'exit 4'
  for name in xa xb; do
    for field in Hostname Domainname User AttachStdin AttachStdout AttachStderr ExposedPorts Tty OpenStdin StdinOnce Env Cmd Image Volumes WorkingDir Entrypoint OnBuild Labels StopSignal; do
      t inspect --format "{{json .Config.$field}}" $name
    done
    for field in Binds ContainerIDFile LogConfig NetworkMode PortBindings RestartPolicy AutoRemove VolumeDriver VolumesFrom CapAdd CapDrop CgroupnsMode Dns DnsOptions DnsSearch ExtraHosts GroupAdd IpcMode Cgroup Links \
      OomScoreAdj PidMode Privileged PublishAllPorts ReadonlyRootfs SecurityOpt Tmpfs UTSMode UsernsMode ShmSize Runtime ConsoleSize Isolation CpuShares Memory NanoCpus CgroupParent BlkioWeight CpuPeriod \
      CpuQuota CpusetCpus CpusetMems Devices DeviceCgroupRules DeviceRequests MemoryReservation MemorySwap MemorySwappiness OomKillDisable PidsLimit Ulimits MaskedPaths ReadonlyPaths Init Sysctls; do
      t inspect --format "{{json .HostConfig.$field}}" $name
    done
  done
  for name in xa xb xc; do
    t inspect --format '{{.Name}} {{.Path}} {{json .Args}} {{.RestartCount}} {{.Driver}} {{.Platform}} {{.ProcessLabel}} {{json .ExecIDs}}' $name
    t inspect --format '{{json .Mounts}}' $name
    t inspect --format '{{json .State.Status}} {{.State.Running}} {{.State.Paused}} {{.State.Restarting}} {{.State.OOMKilled}} {{.State.Dead}} {{.State.ExitCode}} {{json .State.Error}} {{gt .State.Pid 0}}' $name
    t inspect --format '{{json .NetworkSettings.Ports}} {{.NetworkSettings.IPAddress}} {{.NetworkSettings.SandboxKey}} {{range $k, $v := .NetworkSettings.Networks}}{{$k}}{{end}}' $name
  done
  t inspect --format '{{.Config.StopTimeout}} {{.Created}} {{.Id}} {{.Image}}' xa
  t inspect --format '{{len .HostnamePath}}' nobody
  t inspect nobody
  t inspect --format '{{.Name}}' xa nobody xb
  t inspect --type container --format '{{.Name}}' xa
  t inspect --type image --format '{{.RepoTags}}' xa
  t inspect --type image --format '{{.RepoTags}}' busybox
  t inspect --type nonsense xa
  t inspect --format '{{.Nonsense}}' xa
  t inspect --format '{{.Config.Nonsense}}' xa
  t inspect --format '{{.Name' xa
  t inspect --format '{{index .Config.Env 0}} {{index .Config.Labels "l"}} {{index .Config.Labels "none"}}' xa
  t inspect --format '{{range .Config.Env}}[{{.}}]{{end}} {{join .Config.Env ","}} {{split .Name "/"}} {{title "word"}} {{println "x"}}' xa
  t inspect --format '{{index .Config.Env 99}}' xa
  t inspect --size --format '{{.SizeRw}}' xa
  t inspect --format '{{.SizeRw}}' xa
  t inspect
  t container inspect --format '{{.Name}}' xa
  t container inspect busybox
}

s_diff() {
  ended xa busybox sh -c 'echo x > /new; mkdir -p /dir/sub; echo y > /dir/sub/file; rm /etc/os-release; echo z >> /etc/passwd; ln -s /new /link; mkdir /etc/extra; rm -r /home; chmod 700 /usr; mkfifo /fifo; touch "/a b"; echo q > /tmp/q; rm /tmp/q'
  sorted diff xa
  t diff
  t diff nobody
  t diff xa xa
  q create --network none --name xb busybox true
  sorted diff xb
  box xc busybox sleep 1000
  sorted diff xc
  q exec xc touch /while
  sorted diff xc
}

s_logs() {
  ended xa busybox sh -c 'for n in 1 2 3 4 5; do echo line $n; done; sleep 0.3; echo wrong >&2; sleep 0.3; printf unfinished'
  te logs xa
  te logs --tail 2 xa
  te logs -n 1 xa
  te logs --tail 0 xa
  te logs --tail all xa
  te logs --tail -1 xa
  t logs --tail nonsense xa
  te logs -t xa
  te logs -t --tail 1 xa
  te logs --details xa
  te logs -f xa
  te logs --since 1h xa
  te logs --since 2999-01-01 xa
  te logs --until 2001-01-01T00:00:00Z xa
  te logs --since 2001-01-01T00:00:00.123456789Z --tail 1 xa
  t logs --since nonsense xa
  t logs nobody
  t logs
  t logs xa xa
  t logs --no-such-flag xa
  t container logs --tail 1 xa
  ended xb --log-opt labels=color --log-opt env=SIZE --label color=red -e SIZE=big busybox echo with attributes
  te logs --details xb
  te logs -t --details xb
  te logs xb
  ended xc -t busybox sh -c 'echo one; echo two >&2'
  te logs xc
  ended xd --log-driver none busybox echo unseen
  t logs xd
  q create --network none --name xe busybox echo never
  te logs xe
  ended xf busybox sh -c "printf 'a\\\\377b\\\\001\\\\n'; printf 'x\\\\0y\\\\n'"
  te logs xf
  t run --rm --network none --log-driver nonsense busybox true
  t run --rm --network none --log-opt nonsense=1 busybox true
  t run --rm --network none --log-opt max-size=x busybox true
  t run --rm --network none --log-opt max-file=2 busybox true
}

s_wait_kill_stop() {
  ended xa busybox sh -c 'exit 5'
  t wait xa
  t wait xa xa
  t wait nobody
  t wait xa nobody
  t wait
  t kill xa
  t kill nobody
  t stop xa
  t stop nobody
  t stop xa nobody
  t pause xa
  t unpause xa
  t restart nobody
  idle xb
  t kill --signal NOPE xb
  t kill --signal 99999 xb
  t kill --signal USR2000 xb
  t kill -s WINCH xb
  t kill -s 28 xb
  t kill --signal=sigwinch xb
  t pause xb
  t pause xb
  t ps --format '{{.Status}}'
  t exec xb true
  t unpause xb
  t unpause xb
  t stop xb
  t inspect --format '{{.State.Status}} {{.State.ExitCode}}' xb
  t start xb
  t kill xb
  until_status xb exited
  t inspect --format '{{.State.Status}} {{.State.ExitCode}}' xb
  t restart xb
  t stop -t 1 xb
  t stop --time=1 xb
  box xc busybox sh -c 'trap "" TERM; while :; do sleep 0.1; done'
  t stop -t 1 xc
  t inspect --format '{{.State.ExitCode}}' xc
  box xd --stop-signal USR1 busybox sh -c 'trap "exit 9" USR1; while :; do sleep 0.05; done'
  sleep 0.3
  t stop xd
  t inspect --format '{{.State.ExitCode}}' xd
  idle xe
  t pause xe
  t stop -t 2 xe
  t inspect --format '{{.State.Status}} {{.State.ExitCode}}' xe
  idle xf
  t pause xf
  t kill xf
  until_status xf exited
  t stop -t nonsense xf
  t kill
  t stop
  t restart
  t pause
  t unpause
  echo '$ wait g, killed meanwhile'
  idle xg
  "$TOOL" wait xg & pid=$!
  sleep 0.5
  q kill -s KILL xg
  wait $pid
  echo "= $?"
  idle xh
  t rename xh xi
  t rename xh xj
  t rename xi xa
  t rename xi xi
  t rename xi 'b/d'
  t rename xi ''
  t rename xi
  t ps --format '{{.Names}}'
}

s_rm() {
  ended xa busybox true
  idle xb
  t rm xa
  t rm xa
  t rm -f xa
  t rm nobody
  t rm -f nobody
  t rm xb
  q pause xb
  t rm xb
  t rm -f xb
  t rm
  ended xa busybox true
  t rm xa nobody
  ended xa busybox true
  t rm nobody xa
  idle xa
  ended xb busybox true
  t rm xa xb
  t rm -f xa xb
  ended xa busybox true
  t rm -v xa
  ended xa busybox true
  t container rm xa
  ended xa busybox true
  t container remove xa
  ended xa --label keep=yes busybox true
  ended xb busybox true
  t container prune -f --filter label!=keep=yes
  t ps -a --format '{{.Names}}'
  t container prune -f
  t container prune -f
  t container prune -f --filter nonsense=1
  q create --network none --name made busybox true
  t rm made
  idle xa
  id=$("$TOOL" ps -q --no-trunc)
  echo '$ rm -f by a prefix of the id'; "$TOOL" rm -f "$(echo "$id" | cut -c1-6)" | wc -c; "$TOOL" ps -q
}

s_exec() {
  ended stopped busybox true
  idle xa -e FROM=run -w /tmp
  te exec xa sh -c 'echo out; echo err >&2; exit 6'
  t exec xa sh -c 'echo $FROM $(pwd) $HOME $(id -u)'
  t exec -e FROM=exec -e NEW=1 xa sh -c 'echo $FROM $NEW'
  t exec -w /etc xa pwd
  t exec -w /no-such-directory xa pwd
  t exec -u www xa sh -c 'id; echo $HOME'
  t exec -u 5:6 xa id
  t exec -u nobody-here xa id
  t exec xa no-such-program
  t exec xa /etc
  t exec xa /etc/passwd
  t exec nobody true
  t exec stopped true
  t exec xa
  t exec
  t exec --no-such-flag xa true
  t exec -d xa sh -c 'echo > /done'
  t exec xa sh -c 'while ! test -e /done; do sleep 0.05; done; echo done'
  t exec xa sh -c 'kill -9 $$'
  t exec xa sh -c 'kill -15 $$'
  t exec -it xa true
  t exec -t xa sh -c 'tty; echo $TERM'
  echo in > in; echo '$ exec -i xa cat'; "$TOOL" exec -i xa cat < in; echo "= $?"
  echo in > in; echo '$ exec xa cat'; "$TOOL" exec xa cat < in; echo "= $?"
  echo 'X=1' > in; t exec --env-file in xa sh -c 'echo $X'
  t exec --privileged xa sh -c 'grep CapEff /proc/self/status'
  t exec xa sh -c 'grep -E "Cap|NoNewPrivs|Seccomp:" /proc/self/status'
  t exec -d xa no-such-program
  q pause xa
  t exec xa true
}

s_top_port_stats() {
  box xa busybox sleep 1000
  ended xb busybox true
  echo '$ top a'; "$TOOL" top xa | awk '{ print $1 == "UID" ? $0 : NF }'; echo "= $?"
  t top xa -o comm
  t top xa -eo comm,nonsense
  t top xb
  t top nobody
  t top
  t port xa
  t port xa 80
  t port xa 80/udp
  t port xa nonsense
  t port xb
  t port nobody
  t stats --no-stream nobody
  t stats --no-stream --format '{{.Name}} {{.PIDs}}' xb
  t stats --no-stream --format '{{.Container}} {{.Name}}' xa
  t update nobody
  t update --restart nonsense xa
  t update --restart unless-stopped xa
  t inspect --format '{{.HostConfig.RestartPolicy.Name}} {{.HostConfig.RestartPolicy.MaximumRetryCount}}' xa
  t update --restart on-failure:3 xa
  t inspect --format '{{.HostConfig.RestartPolicy.Name}} {{.HostConfig.RestartPolicy.MaximumRetryCount}}' xa
}

s_cp() {
  idle xa
  ended xb busybox true
  rm -rf host; mkdir -p host/dir/sub host/empty; echo one > host/one; echo two > host/dir/two; echo three > host/dir/sub/three; ln -s two host/dir/link
  t cp host/one xa:/tmp
  t exec xa cat /tmp/one
  t cp host/one xa:/tmp/named
  t cp host/one xa:/no/such/place
  t cp host/one xa:/no-such-file/
  t cp host/dir xa:/tmp
  t exec xa find /tmp/dir
  t cp host/dir xa:/tmp/new
  t exec xa find /tmp/new
  t cp host/dir/. xa:/tmp/contents
  t cp host/dir/. xa:/home
  t exec xa find /home
  t cp host/dir xa:/tmp/one
  t cp host/no-such xa:/tmp
  t cp nobody:/tmp host
  t cp xa:/no-such host
  t cp xa:/tmp/one host/copy
  echo '$ cat'; cat host/copy
  t cp xa:/tmp/dir host/back
  echo '$ find'; (cd host && find back | sort)
  t cp xa:/tmp/dir/. host/empty
  echo '$ find'; (cd host && find empty | sort)
  t cp xa:/tmp/dir host/one
  t cp xa:/tmp/one host/no/such/place
  t cp xa:/tmp/one xb:/tmp/one
  t cp host/one host/two
  t cp xb:/etc/passwd host/passwd
  t cp host/one xb:/tmp/one
  t cp xa
  echo '$ cp xa:/tmp/dir -'; "$TOOL" cp xa:/tmp/dir - | tar -tf - | sort; echo "= $?"
  echo '$ cp - xa:/tmp/from'; mkdir -p tree/x; echo y > tree/x/y; tar -C tree -cf - x | "$TOOL" cp - xa:/home; echo "= $?"
  t exec xa cat /home/x/y
  t cp -a host/one xa:/tmp/archived
  t cp -L host/dir/link xa:/tmp/followed
  t exec xa ls -l /tmp/followed
  t cp xa:/etc/passwd xa:/tmp/x
}

s_commit_export() {
  ended xa -e FROM=run -w /tmp --label l=1 busybox sh -c 'echo x > /new'
  t commit xa made:one
  t run --rm --network none made:one cat /new
  t commit -m 'a message' -a 'An Author' -c 'ENV ADDED=1' -c 'CMD ["cat", "/new"]' -c 'LABEL k=v' -c 'EXPOSE 80' -c 'WORKDIR /etc' -c 'USER 5' -c 'ENTRYPOINT []' xa made:two
  t inspect --format '{{.Comment}}|{{.Author}}|{{json .Config.Env}}|{{json .Config.Cmd}}|{{json .Config.Labels}}|{{json .Config.ExposedPorts}}|{{.Config.WorkingDir}}|{{.Config.User}}|{{json .Config.Entrypoint}}' made:two
  t commit -c 'NONSENSE x' xa made:three
  t commit -c 'RUN true' xa made:three
  t commit nobody made:four
  t commit xa 'BAD NAME'
  t commit xa
  t commit
  t history --format '{{.CreatedBy}}|{{.Comment}}' made:two
  echo '$ export a'; "$TOOL" export xa | tar -tf - | sed 's|^\./||' | grep -c '^new$'; echo "= $?"
  t export nobody
  t export -o /no/such/place xa
  echo '$ cat made:two'; "$TOOL" run --rm --network none made:two; echo "= $?"
  q rmi -f made:one made:two
}

s_attach_and_signals() {
  ended xa busybox true
  t attach xa
  t attach nobody
  t attach
  box xb busybox sh -c 'trap "echo term; exit 3" TERM; while :; do sleep 0.05; done'
  sleep 0.3
  echo '$ attach b, with SIGTERM'
  "$TOOL" attach xb & pid=$!
  sleep 0.7
  kill -TERM $pid
  wait $pid
  echo "= $?"
  echo '$ run with SIGINT'
  "$TOOL" run --name xc --network none busybox sh -c 'trap "echo int; exit 4" INT; while :; do sleep 0.05; done' & pid=$!
  sleep 1
  kill -INT $pid
  wait $pid
  echo "= $?"
  echo '$ attach --no-stdin, container killed'
  box xd busybox sleep 1000
  "$TOOL" attach --no-stdin xd & pid=$!
  sleep 0.7
  q kill xd
  wait $pid
  echo "= $?"
  q pause xb
  idle xe
  q pause xe
  t attach xe
}

s_events() {
  # Times are seconds: what was removed before must not be among them.
  sleep 1.1
  began=$(date +%s)
  box xa --label l=m busybox sh -c 'trap "exit 3" TERM; while :; do sleep 0.05; done'
  q exec xa true
  q pause xa
  q unpause xa
  q rename xa xb
  q kill -s WINCH xb
  q stop xb
  until_status xb exited
  q start xb
  q restart xb
  q kill xb
  until_status xb exited
  q cp xb:/etc/passwd passwd
  q rm xb
  q run --rm --network none --name xc busybox true
  q create --network none --name xe busybox true
  q commit xe made:event
  q export xe -o exported
  q rm xe
  q rmi made:event
  sleep 1.1
  until=$(date +%s)
  for format in '{{.Type}} {{.Action}}' '{{.Type}} {{.Action}} {{.Actor.Attributes.name}} {{.Actor.Attributes.exitCode}} {{.Actor.Attributes.signal}} {{.Actor.Attributes.image}}' '{{json .Actor.Attributes}}'; do
    echo "\$ events --format $format"
    "$TOOL" events --since $began --until $until --filter type=container --format "$format"
    echo "= $?"
  done
  for filter in event=die container=xc image=busybox label=l label=l=m event=nonsense; do
    echo "\$ events --filter $filter"
    "$TOOL" events --since $began --until $until --filter type=container --filter $filter --format '{{.Action}}'
    echo "= $?"
  done
  t events --since nonsense --until 1
  t events --until 1 --format '{{.Nonsense'
}

s_system() {
  q image prune -f
  idle xa --label keep=yes
  ended xb busybox true
  ended xc --label keep=yes busybox true
  q network create --label keep=yes xn
  q network create xo
  q volume create xv
  q tag busybox xi:one
  t system df --format '{{.Type}}: {{.TotalCount}} {{.Active}}'
  t system df --format '{{json .}}' --verbose --nonsense
  t info --format '{{.Containers}} {{.ContainersRunning}} {{.ContainersPaused}} {{.ContainersStopped}} {{.Images}} {{.OSType}} {{.LoggingDriver}} {{.Swarm.LocalNodeState}} {{.ExperimentalBuild}}'
  t info --format '{{json .Swarm.ControlAvailable}} {{json .DefaultAddressPools}} {{json .RegistryConfig.Mirrors}} {{.IndexServerAddress}} {{json .GenericResources}}'
  t info --format '{{.Nonsense}}'
  t info nonsense
  t version --format '{{.Client.Os}} {{.Server.Os}} {{(index .Server.Components 0).Name}} {{.Client.Context}}'
  t version --format '{{.Nonsense}}'
  t system prune --filter label!=keep=yes
  t system prune --all --volumes --filter label=b --filter label=a
  t system prune -f --filter label!=keep=yes
  t ps -a --format '{{.Names}}'
  t network ls --filter name=^x --format '{{.Name}}'
  t system prune -f --filter until=24h
  t system prune -f --filter nonsense=1
  t system prune -f --filter until=nonsense
  t system prune -f --volumes --filter until=24h
  t system prune -f
  t system prune -f
  t ps -a --format '{{.Names}}'
  t network ls --filter name=^x --format '{{.Name}}'
  t images --format '{{.Repository}}:{{.Tag}}' xi
  t volume ls -q
  q volume rm xv
  q rmi xi:one
}

s_network() {
  all='name={{.Name}} driver={{.Driver}} scope={{.Scope}} v6={{.EnableIPv6}} internal={{.Internal}} attachable={{.Attachable}} ingress={{.Ingress}} ipam={{json .IPAM}} from={{json .ConfigFrom}} only={{.ConfigOnly}} containers={{json .Containers}} options={{json .Options}} labels={{json .Labels}}'
  t network create --subnet 10.85.0.0/24 --label l=m xa
  t network create --subnet 10.86.3.7/16 --ip-range 10.86.3.0/24 --aux-address a=10.86.3.9 --internal --attachable -o com.docker.network.driver.mtu=1400 xb
  t network create --subnet 10.87.0.0/24 --gateway 10.87.0.254 --ipv6 --subnet fd00:87::/64 xc
  for name in xa xb xc; do t network inspect --format "$all" $name; done
  t network create xa
  t network create --subnet 10.85.0.128/25 xd
  t network create --gateway 10.88.0.1 xd
  t network create --subnet 10.88.0.0/24 --gateway 10.89.0.1 xd
  t network create --subnet 10.88.0.0/24 --ip-range 10.89.0.0/24 xd
  t network create --subnet 10.88.0.0/24 --subnet 10.88.0.0/25 xd
  t network create --subnet 10.88.0.0/24 --subnet 10.89.0.0/24 xd
  t network create --subnet nonsense xd
  t network create --driver nonsense xd
  t network create host
  t network create --config-only --subnet 10.90.0.0/24 --label c=d xe
  t network create --config-from xe xf
  t network create --config-from xe --label e=f xg
  for name in xe xf; do t network inspect --format "$all" $name; done
  t network rm xe
  t network ls --filter name=^x
  t network ls --filter name=^x --format '{{.Name}} {{.Driver}} {{.Scope}} {{.IPv6}} {{.Internal}} {{.Labels}} {{.Label "l"}}'
  t network ls --filter name=xa --format json
  t network ls --filter driver=host --format '{{.Name}}'
  t network ls --filter driver=null --filter type=builtin --format '{{.Name}}'
  t network ls --filter label=l=m --format '{{.Name}}'
  t network ls --filter type=custom --filter dangling=true --format '{{.Name}}'
  t network ls --filter dangling=nonsense
  t network ls --filter nonsense=1
  t network ls -q --no-trunc --filter name=xa
  t network inspect host --format '{{.Name}} {{.Driver}} {{json .IPAM.Config}} {{json .Containers}} {{json .Options}}'
  t network inspect none --format '{{.Name}} {{.Driver}} {{json .Options}} {{json .Labels}}'
  t network inspect nobody
  t network inspect xa nobody --format '{{.Name}}'
  t inspect --type network --format '{{.Name}}' xa
  t inspect --format '{{.Name}} {{.Driver}}' xb
  t network rm nobody xb
  t network rm host
  t network rm -f nobody
  t network remove xc
  t network prune -f --filter label=nothing
  sorted network prune -f
  t network prune -f --filter nonsense=1
  t network ls --filter type=custom
  q network rm xe
}

s_network_members() {
  q network create --subnet 10.85.0.0/24 xn
  q network create --subnet 10.86.0.0/24 --internal xi
  q run -d --name xa --network xn --network-alias site busybox sleep 1000
  q run -d --name xb --network xn --ip 10.85.0.77 busybox sleep 1000
  t ps --format '{{.Names}} {{.Networks}} [{{.Ports}}]'
  t ps --filter network=xn --format '{{.Names}}'
  t ps --filter network=nobody --format '{{.Names}}'
  t inspect --format '{{range $name, $n := .NetworkSettings.Networks}}{{$name}} {{$n.IPAddress}}/{{$n.IPPrefixLen}} {{$n.Gateway}} {{$n.MacAddress}} [{{$n.GlobalIPv6Address}}]{{end}} {{.HostConfig.NetworkMode}}' xa xb
  sorted network inspect --format '{{range .Containers}}{{println .Name .MacAddress .IPv4Address .IPv6Address}}{{end}}' xn
  t network ls --filter dangling=true --format '{{.Name}}'
  t network rm xn
  t network connect xn xa
  t network connect xi xa
  t network connect --ip 10.85.0.77 xi xa
  t network connect host xa
  t ps --filter name=xa --format '{{.Networks}}'
  t exec xa ip route
  t network disconnect xn xa
  t exec xa ip route
  t network disconnect xn xa
  t exec xb ping -c 1 -w 2 xa
  t run --rm --network xn --ip 10.85.0.77 busybox true
  t run --rm --network xn --ip 10.99.0.1 busybox true
  t run --rm --network nobody busybox true
  t run --rm --network xn busybox ip route
  t run --rm --network xi busybox ip route
  t run --rm --network xn busybox cat /etc/resolv.conf
  t run --rm --network xn busybox nslookup -type=a xb
  t network disconnect -f xi nobody
  q rm -f xa xb
  t network rm xn xi
}

s_ports() {
  q network create --subnet 10.85.0.0/24 xn
  q network create --subnet 10.86.0.0/24 --internal xi
  on() { q run -d --network xn --name "$@"; }
  on xa -p 27180:80 -p 127.0.0.1:27181:81 -p 27182-27184:82-84/udp -p 127.0.0.1:27190-27199:90 --expose 443 busybox sleep 1000
  on xb -p 127.0.0.1:27190-27199:90 -p 127.0.0.1:27185:27185 -p 127.0.0.1:27186:27186 -p 127.0.0.1:27187:53/udp -p 127.0.0.1:27187:53 busybox sleep 1000
  t ps --format '{{.Names}} [{{.Ports}}]'
  sorted port xa
  sorted port xb
  t port xa 80
  t port xa 80/tcp
  t port xa 82/udp
  t port xa 82
  t port xa 443
  t port xa nonsense
  t port nobody
  t inspect --format '{{json .NetworkSettings.Ports}} {{json .HostConfig.PortBindings}} {{.HostConfig.PublishAllPorts}} {{json .Config.ExposedPorts}}' xa
  t inspect --format '{{(index (index .NetworkSettings.Ports "80/tcp") 0).HostPort}}' xa
  for filter in publish=80 publish=27180 publish=83/udp publish=80-90 publish=443 expose=443 expose=80 expose=82/udp publish=1:2 publish=x; do t ps --filter $filter --format '{{.Names}}'; done
  t run --rm --network xn -p 27180:1 busybox true
  t run --rm --network xn -p 127.0.0.1:27181:1 busybox true
  t stop -t 0 xa
  t ps -a --filter name=xa --format '{{.Names}} [{{.Ports}}]'
  t port xa
  t inspect --format '{{json .NetworkSettings.Ports}} {{json .HostConfig.PortBindings}}' xa
  t start xa
  sorted port xa 80
  t create --network xn --name xc -p 127.0.0.1::1 -p 0:2 -p 3 -P busybox true
  t inspect --format '{{json .HostConfig.PortBindings}} {{.HostConfig.PublishAllPorts}} {{json .Config.ExposedPorts}}' xc
  q run -d --network xi --name xd -p 127.0.0.1:27188:80 busybox sleep 1000
  t ps --filter name=xd --format '{{.Names}} [{{.Ports}}]'
  t run --rm --network host -p 27189:80 busybox true
  t run --rm --network none -p 27189:80 busybox true
  t run --rm --network container:xa -p 27189:80 busybox true
  for form in abc 80/xyz 70000 80-70 1.2.3:80:80 27189:80-81 27189-27190:80-82 [::1:80:80 published=27189 target=80,x :; do t create --network xn -p "$form" busybox true; done
  q rm -f xa xb xd
  t network rm xn xi
}

set -u
for section; do
  echo "== $section"
  "s_$section"
  clear
done
