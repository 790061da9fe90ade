# bash completion for skiff; made from its option tables by 'skiff completion bash'.

# Fills words and cur with whole words up to the cursor.
_skiff_words() {
  local line="${COMP_LINE:0:COMP_POINT}" word
  words=()
  while read -r -d ' ' word; do
    [[ -n $word ]] && words+=("$word")
  done <<<"$line "
  [[ $line == *[[:space:]] || ${#words[@]} -eq 0 ]] && words+=('')
  cur="${words[${#words[@]}-1]}"
}

# Offers the given words that start with $cur, or with what follows its '='.
_skiff_offer() {
  local IFS=$'\n' typed="$cur" cut reply
  [[ $cur == --*=* ]] && typed="${cur#*=}"
  COMPREPLY=($(compgen -W "$*" -- "$typed"))
  # bash completes only what follows the last colon.
  cut="${typed%"${typed##*:}"}"
  if [[ -n $cut && $COMP_WORDBREAKS == *:* ]]; then
    for reply in "${!COMPREPLY[@]}"; do COMPREPLY[reply]="${COMPREPLY[reply]#"$cut"}"; done
  fi
  [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[=:,] ]] && compopt -o nospace 2>/dev/null
}

_skiff_names() {
  local IFS=$'\n'
  _skiff_offer $(skiff __complete "$1" 2>/dev/null)
}

_skiff_files() {
  local IFS=$'\n' typed="$cur"
  [[ $cur == --*=* ]] && typed="${cur#*=}"
  compopt -o filenames 2>/dev/null
  COMPREPLY=($(compgen "$1" -- "$typed"))
}

# Sets command, name (the flag whose value is being typed) and at (the number of the argument being typed).
_skiff_command() {
  local i word next_is_value='' last=$((${#words[@]} - 1)) flags_end='' valued=' --root --storage-driver ' stops=1
  at=1
  for ((i = 1; i <= last; i++)); do
    word="${words[i]}"
    name=''
    if [[ -n $next_is_value ]]; then
      name="$next_is_value" next_is_value=''
    elif [[ -z $flags_end && $word == --*=* ]]; then
      name="${word%%=*}"
    elif [[ -z $flags_end && $word == -- && $i -lt $last ]]; then
      flags_end=1
    elif [[ -z $flags_end && $word == -?* ]]; then
      [[ $word == --* && $valued == *" $word "* ]] && next_is_value="$word"
      [[ $word != --* ]] && _skiff_cluster "$word"
    elif ((i < last)); then
      if [[ -z $command ]]; then
        _skiff_find "$word" "${words[i+1]}" $((i + 1 < last)) && i=$((i + REPLY))
      else
        at=$((at + 1))
        [[ -n $stops ]] && flags_end=1
      fi
    fi
  done
  [[ -n $flags_end ]] && args_only=1
}

# Of letters such as -ite, the first that takes a value ends the cluster; its value is the next word only if it is the last.
_skiff_cluster() {
  local at
  for ((at = 1; at < ${#1}; at++)); do
    [[ $valued == *" -${1:at:1} "* ]] || continue
    ((at == ${#1} - 1)) && next_is_value="-${1:at:1}"
    return
  done
}

# Sets command and its properties from one or two words; REPLY is how many more than one it took.
_skiff_find() {
  REPLY=0
  case "$1" in
    builder)
      command=builder
      (($3)) || return
      REPLY=1
      case "$2" in
        build) command=build ;;
        du) command=buildx-du ;;
        prune) command=builder-prune ;;
      esac
      ;;
    buildx)
      command=buildx
      (($3)) || return
      REPLY=1
      case "$2" in
        build) command=build ;;
        b) command=build ;;
        du) command=buildx-du ;;
        prune) command=builder-prune ;;
      esac
      ;;
    container)
      command=container
      (($3)) || return
      REPLY=1
      case "$2" in
        attach) command=attach ;;
        create) command=create ;;
        commit) command=commit ;;
        cp) command=cp ;;
        diff) command=diff ;;
        exec) command=exec ;;
        export) command=export ;;
        inspect) command=container-inspect ;;
        list) command=ps ;;
        kill) command=kill ;;
        logs) command=logs ;;
        ls) command=ps ;;
        pause) command=pause ;;
        port) command=port ;;
        prune) command=container-prune ;;
        ps) command=ps ;;
        remove) command=rm ;;
        rename) command=rename ;;
        restart) command=restart ;;
        rm) command=rm ;;
        run) command=run ;;
        start) command=start ;;
        stop) command=stop ;;
        unpause) command=unpause ;;
        update) command=update ;;
        wait) command=wait ;;
        stats) command=stats ;;
        top) command=top ;;
      esac
      ;;
    image)
      command=image
      (($3)) || return
      REPLY=1
      case "$2" in
        build) command=build ;;
        history) command=history ;;
        import) command=import ;;
        inspect) command=image-inspect ;;
        list) command=images ;;
        load) command=load ;;
        ls) command=images ;;
        prune) command=image-prune ;;
        pull) command=pull ;;
        push) command=push ;;
        remove) command=rmi ;;
        rm) command=rmi ;;
        save) command=save ;;
        tag) command=tag ;;
      esac
      ;;
    manifest)
      command=manifest
      (($3)) || return
      REPLY=1
      case "$2" in
        inspect) command=manifest-inspect ;;
      esac
      ;;
    network)
      command=network
      (($3)) || return
      REPLY=1
      case "$2" in
        connect) command=network-connect ;;
        create) command=network-create ;;
        disconnect) command=network-disconnect ;;
        inspect) command=network-inspect ;;
        list) command=network-ls ;;
        ls) command=network-ls ;;
        prune) command=network-prune ;;
        remove) command=network-rm ;;
        rm) command=network-rm ;;
      esac
      ;;
    system)
      command=system
      (($3)) || return
      REPLY=1
      case "$2" in
        boot) command=system-boot ;;
        df) command=system-df ;;
        doctor) command=doctor ;;
        events) command=events ;;
        info) command=info ;;
        install) command=system-install ;;
        prune) command=system-prune ;;
        shutdown) command=system-shutdown ;;
        uninstall) command=system-uninstall ;;
      esac
      ;;
    volume)
      command=volume
      (($3)) || return
      REPLY=1
      case "$2" in
        clone) command=volume-clone ;;
        create) command=volume-create ;;
        export) command=volume-export ;;
        import) command=volume-import ;;
        inspect) command=volume-inspect ;;
        list) command=volume-ls ;;
        ls) command=volume-ls ;;
        prune) command=volume-prune ;;
        remove) command=volume-rm ;;
        rm) command=volume-rm ;;
        update) command=volume-update ;;
      esac
      ;;
    *) command="$1" ;;
  esac
  case "$command" in
    run) valued=' --annotation --attach -a --cidfile --detach-keys --entrypoint --env -e --env-file --label -l --label-file --log-driver --log-opt --name --platform --pull --restart --runtime --stop-signal --stop-timeout --user -u --workdir -w --device --mount --rootfs --tmpfs --volume -v --volume-driver --volumes-from --cap-add --cap-drop --group-add --security-opt --userns --add-host --cgroupns --dns --dns-option --dns-search --domainname --expose --hostname -h --ip --ip6 --ipc --link --link-local-ip --mac-address --network --network-alias --pid --publish -p --uts --blkio-weight --cpu-period --cpu-quota --cpu-shares -c --cpus --cpuset-cpus --cpuset-mems --memory -m --memory-reservation --memory-swap --pids-limit --blkio-weight-device --cgroup-parent --device-read-bps --device-read-iops --device-write-bps --device-write-iops --isolation --oom-score-adj --health-cmd --health-interval --health-retries --health-start-interval --health-start-period --health-timeout --shm-size --sysctl --ulimit ' stops=1 ;;
    create) valued=' --annotation --attach -a --cidfile --entrypoint --env -e --env-file --label -l --label-file --log-driver --log-opt --name --platform --pull --restart --runtime --stop-signal --stop-timeout --user -u --workdir -w --device --mount --rootfs --tmpfs --volume -v --volume-driver --volumes-from --cap-add --cap-drop --group-add --security-opt --userns --add-host --cgroupns --dns --dns-option --dns-search --domainname --expose --hostname -h --ip --ip6 --ipc --link --link-local-ip --mac-address --network --network-alias --pid --publish -p --uts --blkio-weight --cpu-period --cpu-quota --cpu-shares -c --cpus --cpuset-cpus --cpuset-mems --memory -m --memory-reservation --memory-swap --pids-limit --blkio-weight-device --cgroup-parent --device-read-bps --device-read-iops --device-write-bps --device-write-iops --isolation --oom-score-adj --health-cmd --health-interval --health-retries --health-start-interval --health-start-period --health-timeout --shm-size --sysctl --ulimit ' stops=1 ;;
    start) valued=' --detach-keys ' stops='' ;;
    restart) valued=' --signal -s --timeout -t ' stops='' ;;
    exec) valued=' --detach-keys --env -e --env-file --user -u --workdir -w ' stops=1 ;;
    attach) valued=' --detach-keys ' stops='' ;;
    logs) valued=' --since --tail -n --until ' stops='' ;;
    ps) valued=' --filter -f --format --last -n ' stops='' ;;
    inspect) valued=' --format -f --type ' stops='' ;;
    container-inspect) valued=' --format -f ' stops='' ;;
    top) valued='  ' stops=1 ;;
    stats) valued=' --format ' stops='' ;;
    port) valued='  ' stops='' ;;
    events) valued=' --filter -f --format --since --until ' stops='' ;;
    stop) valued=' --signal -s --timeout -t ' stops='' ;;
    kill) valued=' --signal -s ' stops='' ;;
    wait) valued='  ' stops='' ;;
    pause) valued='  ' stops='' ;;
    unpause) valued='  ' stops='' ;;
    update) valued=' --blkio-weight --cpu-period --cpu-quota --cpu-shares -c --cpus --cpuset-cpus --cpuset-mems --memory -m --memory-reservation --memory-swap --pids-limit --restart ' stops='' ;;
    rename) valued='  ' stops='' ;;
    rm) valued='  ' stops='' ;;
    container-prune) valued=' --filter ' stops='' ;;
    export) valued=' --output -o ' stops='' ;;
    diff) valued='  ' stops='' ;;
    cp) valued='  ' stops='' ;;
    commit) valued=' --author -a --change -c --message -m ' stops='' ;;
    build) valued=' --file -f --build-context --target --build-arg --platform --progress --tag -t --label --iidfile --metadata-file --output -o --provenance --sbom --cache-from --cache-to --no-cache-filter --network --allow --secret --ssh --add-host --security-opt --shm-size --ulimit --memory -m --memory-swap --cpu-shares -c --cpu-period --cpu-quota --cpuset-cpus --cpuset-mems --cgroup-parent ' stops='' ;;
    builder-prune) valued=' --filter --keep-storage ' stops='' ;;
    buildx-du) valued=' --format ' stops='' ;;
    images) valued=' --filter -f --format ' stops='' ;;
    pull) valued=' --platform ' stops='' ;;
    push) valued=' --platform ' stops='' ;;
    load) valued=' --input -i --platform ' stops='' ;;
    import) valued=' --change -c --message -m --platform ' stops='' ;;
    save) valued=' --output -o --platform ' stops='' ;;
    history) valued=' --format --platform ' stops='' ;;
    image-inspect) valued=' --format -f --platform ' stops='' ;;
    manifest-inspect) valued='  ' stops='' ;;
    tag) valued='  ' stops='' ;;
    rmi) valued=' --platform ' stops='' ;;
    image-prune) valued=' --filter ' stops='' ;;
    network-create) valued=' --config-from --driver -d --label --opt -o --scope --aux-address --gateway --ip-range --ipam-driver --subnet ' stops='' ;;
    network-ls) valued=' --filter -f --format ' stops='' ;;
    network-inspect) valued=' --format -f ' stops='' ;;
    network-connect) valued=' --alias --driver-opt --gw-priority --ip --ip6 --link --link-local-ip ' stops='' ;;
    network-disconnect) valued='  ' stops='' ;;
    network-rm) valued='  ' stops='' ;;
    network-prune) valued=' --filter ' stops='' ;;
    volume-create) valued=' --driver -d --label --name --opt -o ' stops='' ;;
    volume-ls) valued=' --filter -f --format ' stops='' ;;
    volume-inspect) valued=' --format -f ' stops='' ;;
    volume-rm) valued='  ' stops='' ;;
    volume-prune) valued=' --filter ' stops='' ;;
    volume-update) valued='  ' stops='' ;;
    volume-export) valued=' --output -o ' stops='' ;;
    volume-import) valued='  ' stops='' ;;
    volume-clone) valued='  ' stops='' ;;
    login) valued=' --username -u --password -p ' stops='' ;;
    logout) valued='  ' stops='' ;;
    search) valued=' --filter -f --format --limit ' stops='' ;;
    info) valued=' --format -f ' stops='' ;;
    doctor) valued=' --format ' stops='' ;;
    system-df) valued=' --format ' stops='' ;;
    system-prune) valued=' --filter ' stops='' ;;
    system-install) valued='  ' stops='' ;;
    system-uninstall) valued='  ' stops='' ;;
    system-boot) valued='  ' stops='' ;;
    system-shutdown) valued='  ' stops='' ;;
    version) valued=' --format -f ' stops='' ;;
    completion) valued='  ' stops='' ;;
  esac
}

_skiff() {
  local cur name at command='' args_only=''
  local -a words=()
  _skiff_words
  COMPREPLY=()
  _skiff_command
  case "$command" in
    '')
      case "$name" in
        --root) _skiff_files -d ;;
        --storage-driver) _skiff_offer 'auto' 'overlay' 'fuse-overlayfs' ;;
        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --root --storage-driver --version --help
          else
            _skiff_offer run create start restart exec attach logs ps inspect top stats port events stop kill wait pause unpause update rename rm export diff cp commit build images pull push load import save history tag rmi login logout search info doctor version completion builder buildx container image manifest network system volume help
          fi
          ;;
      esac
      ;;
    run)
      case "$name" in
        --annotation) : ;;
        --attach|-a) _skiff_offer 'stdin' 'stdout' 'stderr' ;;
        --cidfile) _skiff_files -f ;;
        --detach-keys) : ;;
        --entrypoint) : ;;
        --env|-e) : ;;
        --env-file) _skiff_files -f ;;
        --label|-l) : ;;
        --label-file) _skiff_files -f ;;
        --log-driver) _skiff_offer 'json-file' 'local' 'none' 'fluentd' 'gelf' 'journald' 'syslog' ;;
        --log-opt) _skiff_offer 'max-size=10m' 'max-file=3' 'compress=true' 'mode=' 'labels=' 'env=' 'tag=' 'syslog-address=udp://' 'syslog-format=rfc5424' 'gelf-address=udp://' 'fluentd-address=' 'cache-disabled=true' ;;
        --name) : ;;
        --platform) _skiff_offer 'linux/amd64' 'linux/arm64' 'linux/arm/v7' ;;
        --pull) _skiff_offer 'always' 'missing' 'never' ;;
        --restart) _skiff_offer 'no' 'on-failure' 'always' 'unless-stopped' ;;
        --runtime) _skiff_offer 'crun' 'runc' 'runsc' ;;
        --stop-signal) _skiff_offer 'SIGTERM' 'SIGINT' 'SIGQUIT' 'SIGKILL' ;;
        --stop-timeout) : ;;
        --user|-u) : ;;
        --workdir|-w) : ;;
        --device) _skiff_files -f ;;
        --mount) _skiff_offer 'type=volume,' 'type=bind,' 'type=tmpfs,' 'type=image,' ;;
        --rootfs) _skiff_files -d ;;
        --tmpfs) : ;;
        --volume|-v) _skiff_files -f ;;
        --volume-driver) _skiff_offer 'local' 'fuse' ;;
        --volumes-from) _skiff_names containers ;;
        --cap-add) : ;;
        --cap-drop) : ;;
        --group-add) : ;;
        --security-opt) _skiff_offer 'seccomp=unconfined' 'no-new-privileges' 'unmask=ALL' ;;
        --userns) _skiff_offer 'keep-id' ;;
        --add-host) : ;;
        --cgroupns) _skiff_offer 'private' 'host' ;;
        --dns) : ;;
        --dns-option) : ;;
        --dns-search) : ;;
        --domainname) : ;;
        --expose) : ;;
        --hostname|-h) : ;;
        --ip) : ;;
        --ip6) : ;;
        --ipc) _skiff_offer 'private' 'host' 'container:' ;;
        --link) _skiff_names containers ;;
        --link-local-ip) : ;;
        --mac-address) : ;;
        --network) _skiff_offer 'slirp4netns' 'none' 'host' 'container:' ;;
        --network-alias) : ;;
        --pid) _skiff_offer 'private' 'host' 'container:' ;;
        --publish|-p) : ;;
        --uts) _skiff_offer 'private' 'host' ;;
        --blkio-weight) : ;;
        --cpu-period) : ;;
        --cpu-quota) : ;;
        --cpu-shares|-c) : ;;
        --cpus) : ;;
        --cpuset-cpus) : ;;
        --cpuset-mems) : ;;
        --memory|-m) : ;;
        --memory-reservation) : ;;
        --memory-swap) : ;;
        --pids-limit) : ;;
        --blkio-weight-device) _skiff_files -f ;;
        --cgroup-parent) : ;;
        --device-read-bps) _skiff_files -f ;;
        --device-read-iops) _skiff_files -f ;;
        --device-write-bps) _skiff_files -f ;;
        --device-write-iops) _skiff_files -f ;;
        --isolation) _skiff_offer 'default' ;;
        --oom-score-adj) : ;;
        --health-cmd) : ;;
        --health-interval) : ;;
        --health-retries) : ;;
        --health-start-interval) : ;;
        --health-start-period) : ;;
        --health-timeout) : ;;
        --shm-size) : ;;
        --sysctl) : ;;
        --ulimit) : ;;
        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --annotation --attach --cidfile --detach --detach-keys --entrypoint --env --env-file --init --interactive --label --label-file --log-driver --log-opt --name --platform --pull --quiet --restart --rm --runtime --sig-proxy --stop-signal --stop-timeout --tty --user --workdir --device --mount --read-only --rootfs --tmpfs --volume --volume-driver --volumes-from --cap-add --cap-drop --group-add --privileged --security-opt --userns --add-host --cgroupns --dns --dns-option --dns-search --domainname --expose --hostname --ip --ip6 --ipc --link --link-local-ip --mac-address --network --network-alias --pid --publish --publish-all --uts --blkio-weight --cpu-period --cpu-quota --cpu-shares --cpus --cpuset-cpus --cpuset-mems --memory --memory-reservation --memory-swap --pids-limit --blkio-weight-device --cgroup-parent --device-read-bps --device-read-iops --device-write-bps --device-write-iops --isolation --oom-score-adj --health-cmd --health-interval --health-retries --health-start-interval --health-start-period --health-timeout --no-healthcheck --shm-size --sysctl --ulimit --help
          else
            if ((at == 1)); then _skiff_names images; else _skiff_files -f; fi
          fi
          ;;
      esac
      ;;
    create)
      case "$name" in
        --annotation) : ;;
        --attach|-a) _skiff_offer 'stdin' 'stdout' 'stderr' ;;
        --cidfile) _skiff_files -f ;;
        --entrypoint) : ;;
        --env|-e) : ;;
        --env-file) _skiff_files -f ;;
        --label|-l) : ;;
        --label-file) _skiff_files -f ;;
        --log-driver) _skiff_offer 'json-file' 'local' 'none' 'fluentd' 'gelf' 'journald' 'syslog' ;;
        --log-opt) _skiff_offer 'max-size=10m' 'max-file=3' 'compress=true' 'mode=' 'labels=' 'env=' 'tag=' 'syslog-address=udp://' 'syslog-format=rfc5424' 'gelf-address=udp://' 'fluentd-address=' 'cache-disabled=true' ;;
        --name) : ;;
        --platform) _skiff_offer 'linux/amd64' 'linux/arm64' 'linux/arm/v7' ;;
        --pull) _skiff_offer 'always' 'missing' 'never' ;;
        --restart) _skiff_offer 'no' 'on-failure' 'always' 'unless-stopped' ;;
        --runtime) _skiff_offer 'crun' 'runc' 'runsc' ;;
        --stop-signal) _skiff_offer 'SIGTERM' 'SIGINT' 'SIGQUIT' 'SIGKILL' ;;
        --stop-timeout) : ;;
        --user|-u) : ;;
        --workdir|-w) : ;;
        --device) _skiff_files -f ;;
        --mount) _skiff_offer 'type=volume,' 'type=bind,' 'type=tmpfs,' 'type=image,' ;;
        --rootfs) _skiff_files -d ;;
        --tmpfs) : ;;
        --volume|-v) _skiff_files -f ;;
        --volume-driver) _skiff_offer 'local' 'fuse' ;;
        --volumes-from) _skiff_names containers ;;
        --cap-add) : ;;
        --cap-drop) : ;;
        --group-add) : ;;
        --security-opt) _skiff_offer 'seccomp=unconfined' 'no-new-privileges' 'unmask=ALL' ;;
        --userns) _skiff_offer 'keep-id' ;;
        --add-host) : ;;
        --cgroupns) _skiff_offer 'private' 'host' ;;
        --dns) : ;;
        --dns-option) : ;;
        --dns-search) : ;;
        --domainname) : ;;
        --expose) : ;;
        --hostname|-h) : ;;
        --ip) : ;;
        --ip6) : ;;
        --ipc) _skiff_offer 'private' 'host' 'container:' ;;
        --link) _skiff_names containers ;;
        --link-local-ip) : ;;
        --mac-address) : ;;
        --network) _skiff_offer 'slirp4netns' 'none' 'host' 'container:' ;;
        --network-alias) : ;;
        --pid) _skiff_offer 'private' 'host' 'container:' ;;
        --publish|-p) : ;;
        --uts) _skiff_offer 'private' 'host' ;;
        --blkio-weight) : ;;
        --cpu-period) : ;;
        --cpu-quota) : ;;
        --cpu-shares|-c) : ;;
        --cpus) : ;;
        --cpuset-cpus) : ;;
        --cpuset-mems) : ;;
        --memory|-m) : ;;
        --memory-reservation) : ;;
        --memory-swap) : ;;
        --pids-limit) : ;;
        --blkio-weight-device) _skiff_files -f ;;
        --cgroup-parent) : ;;
        --device-read-bps) _skiff_files -f ;;
        --device-read-iops) _skiff_files -f ;;
        --device-write-bps) _skiff_files -f ;;
        --device-write-iops) _skiff_files -f ;;
        --isolation) _skiff_offer 'default' ;;
        --oom-score-adj) : ;;
        --health-cmd) : ;;
        --health-interval) : ;;
        --health-retries) : ;;
        --health-start-interval) : ;;
        --health-start-period) : ;;
        --health-timeout) : ;;
        --shm-size) : ;;
        --sysctl) : ;;
        --ulimit) : ;;
        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --annotation --attach --cidfile --entrypoint --env --env-file --init --interactive --label --label-file --log-driver --log-opt --name --platform --pull --quiet --restart --rm --runtime --stop-signal --stop-timeout --tty --user --workdir --device --mount --read-only --rootfs --tmpfs --volume --volume-driver --volumes-from --cap-add --cap-drop --group-add --privileged --security-opt --userns --add-host --cgroupns --dns --dns-option --dns-search --domainname --expose --hostname --ip --ip6 --ipc --link --link-local-ip --mac-address --network --network-alias --pid --publish --publish-all --uts --blkio-weight --cpu-period --cpu-quota --cpu-shares --cpus --cpuset-cpus --cpuset-mems --memory --memory-reservation --memory-swap --pids-limit --blkio-weight-device --cgroup-parent --device-read-bps --device-read-iops --device-write-bps --device-write-iops --isolation --oom-score-adj --health-cmd --health-interval --health-retries --health-start-interval --health-start-period --health-timeout --no-healthcheck --shm-size --sysctl --ulimit --help
          else
            if ((at == 1)); then _skiff_names images; else _skiff_files -f; fi
          fi
          ;;
      esac
      ;;
    start)
      case "$name" in
        --detach-keys) : ;;
        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --attach --detach-keys --interactive --help
          else
            _skiff_names containers
          fi
          ;;
      esac
      ;;
    restart)
      case "$name" in
        --signal|-s) _skiff_offer 'SIGTERM' 'SIGINT' 'SIGQUIT' 'SIGKILL' ;;
        --timeout|-t) : ;;
        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --signal --timeout --help
          else
            _skiff_names containers
          fi
          ;;
      esac
      ;;
    exec)
      case "$name" in
        --detach-keys) : ;;
        --env|-e) : ;;
        --env-file) _skiff_files -f ;;
        --user|-u) : ;;
        --workdir|-w) : ;;
        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --detach --detach-keys --env --env-file --interactive --privileged --tty --user --workdir --help
          else
            if ((at == 1)); then _skiff_names containers; else _skiff_files -f; fi
          fi
          ;;
      esac
      ;;
    attach)
      case "$name" in
        --detach-keys) : ;;
        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --detach-keys --no-stdin --sig-proxy --help
          else
            if ((at == 1)); then _skiff_names containers; else :; fi
          fi
          ;;
      esac
      ;;
    logs)
      case "$name" in
        --since) : ;;
        --tail|-n) : ;;
        --until) : ;;
        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --details --follow --since --tail --timestamps --until --help
          else
            if ((at == 1)); then _skiff_names containers; else :; fi
          fi
          ;;
      esac
      ;;
    ps)
      case "$name" in
        --filter|-f) _skiff_offer 'id=' 'name=' 'label=' 'status=' 'health=' 'ancestor=' 'exited=' 'network=' 'volume=' 'expose=' 'before=' 'since=' ;;
        --format) _skiff_offer 'json' 'table' ;;
        --last|-n) : ;;
        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --all --all-hosts --filter --format --last --latest --no-trunc --quiet --size --help
          else
            if ((at == 1)); then :; else :; fi
          fi
          ;;
      esac
      ;;
    inspect)
      case "$name" in
        --format|-f) _skiff_offer 'json' ;;
        --type) _skiff_offer 'container' 'image' 'network' 'volume' ;;
        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --format --size --type --help
          else
            _skiff_names containers
          fi
          ;;
      esac
      ;;
    container-inspect)
      case "$name" in
        --format|-f) _skiff_offer 'json' ;;
        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --format --size --help
          else
            _skiff_names containers
          fi
          ;;
      esac
      ;;
    top)
      case "$name" in

        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --help
          else
            if ((at == 1)); then _skiff_names containers; else _skiff_files -f; fi
          fi
          ;;
      esac
      ;;
    stats)
      case "$name" in
        --format) _skiff_offer 'json' 'table' ;;
        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --all --format --no-stream --no-trunc --help
          else
            _skiff_names containers
          fi
          ;;
      esac
      ;;
    port)
      case "$name" in

        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --help
          else
            if ((at == 1)); then _skiff_names containers; else :; fi
          fi
          ;;
      esac
      ;;
    events)
      case "$name" in
        --filter|-f) _skiff_offer 'container=' 'event=' 'image=' 'label=' 'network=' 'scope=local' 'type=container' 'type=image' 'volume=' 'event=attach' 'event=create' 'event=destroy' 'event=die' 'event=exec_create' 'event=exec_die' 'event=exec_start' 'event=health_status' 'event=kill' 'event=oom' 'event=pause' 'event=pull' 'event=push' 'event=rename' 'event=restart' 'event=start' 'event=stop' 'event=tag' 'event=unpause' 'event=update' ;;
        --format) _skiff_offer 'json' ;;
        --since) : ;;
        --until) : ;;
        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --filter --format --since --until --help
          else
            if ((at == 1)); then :; else :; fi
          fi
          ;;
      esac
      ;;
    stop)
      case "$name" in
        --signal|-s) _skiff_offer 'SIGTERM' 'SIGINT' 'SIGQUIT' 'SIGHUP' 'SIGKILL' ;;
        --timeout|-t) : ;;
        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --signal --timeout --help
          else
            _skiff_names containers
          fi
          ;;
      esac
      ;;
    kill)
      case "$name" in
        --signal|-s) _skiff_offer 'SIGKILL' 'SIGTERM' 'SIGINT' 'SIGHUP' 'SIGUSR1' 'SIGUSR2' ;;
        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --signal --help
          else
            _skiff_names containers
          fi
          ;;
      esac
      ;;
    wait)
      case "$name" in

        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --help
          else
            _skiff_names containers
          fi
          ;;
      esac
      ;;
    pause)
      case "$name" in

        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --help
          else
            _skiff_names containers
          fi
          ;;
      esac
      ;;
    unpause)
      case "$name" in

        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --help
          else
            _skiff_names containers
          fi
          ;;
      esac
      ;;
    update)
      case "$name" in
        --blkio-weight) : ;;
        --cpu-period) : ;;
        --cpu-quota) : ;;
        --cpu-shares|-c) : ;;
        --cpus) : ;;
        --cpuset-cpus) : ;;
        --cpuset-mems) : ;;
        --memory|-m) : ;;
        --memory-reservation) : ;;
        --memory-swap) : ;;
        --pids-limit) : ;;
        --restart) _skiff_offer 'no' 'on-failure' 'always' 'unless-stopped' ;;
        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --blkio-weight --cpu-period --cpu-quota --cpu-shares --cpus --cpuset-cpus --cpuset-mems --memory --memory-reservation --memory-swap --pids-limit --restart --help
          else
            _skiff_names containers
          fi
          ;;
      esac
      ;;
    rename)
      case "$name" in

        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --help
          else
            if ((at == 1)); then _skiff_names containers; else :; fi
          fi
          ;;
      esac
      ;;
    rm)
      case "$name" in

        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --force --link --volumes --help
          else
            _skiff_names containers
          fi
          ;;
      esac
      ;;
    container-prune)
      case "$name" in
        --filter) _skiff_offer 'until=' 'label=' 'label!=' ;;
        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --filter --force --help
          else
            if ((at == 1)); then :; else :; fi
          fi
          ;;
      esac
      ;;
    export)
      case "$name" in
        --output|-o) _skiff_files -f ;;
        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --output --help
          else
            if ((at == 1)); then _skiff_names containers; else :; fi
          fi
          ;;
      esac
      ;;
    diff)
      case "$name" in

        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --help
          else
            if ((at == 1)); then _skiff_names containers; else :; fi
          fi
          ;;
      esac
      ;;
    cp)
      case "$name" in

        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --archive --follow-link --quiet --help
          else
            _skiff_names containers
          fi
          ;;
      esac
      ;;
    commit)
      case "$name" in
        --author|-a) : ;;
        --change|-c) : ;;
        --message|-m) : ;;
        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --author --change --message --pause --no-pause --help
          else
            if ((at == 1)); then _skiff_names containers; else :; fi
          fi
          ;;
      esac
      ;;
    build)
      case "$name" in
        --file|-f) _skiff_files -f ;;
        --build-context) : ;;
        --target) : ;;
        --build-arg) : ;;
        --platform) _skiff_offer 'linux/amd64' 'linux/arm64' 'linux/arm/v7' ;;
        --progress) _skiff_offer 'auto' 'plain' 'tty' 'quiet' 'rawjson' ;;
        --tag|-t) : ;;
        --label) : ;;
        --iidfile) _skiff_files -f ;;
        --metadata-file) _skiff_files -f ;;
        --output|-o) : ;;
        --provenance) _skiff_offer 'false' ;;
        --sbom) _skiff_offer 'false' ;;
        --cache-from) : ;;
        --cache-to) : ;;
        --no-cache-filter) : ;;
        --network) _skiff_offer 'default' 'none' 'host' ;;
        --allow) : ;;
        --secret) : ;;
        --ssh) : ;;
        --add-host) : ;;
        --security-opt) : ;;
        --shm-size) : ;;
        --ulimit) : ;;
        --memory|-m) : ;;
        --memory-swap) : ;;
        --cpu-shares|-c) : ;;
        --cpu-period) : ;;
        --cpu-quota) : ;;
        --cpuset-cpus) : ;;
        --cpuset-mems) : ;;
        --cgroup-parent) : ;;
        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --file --build-context --target --build-arg --pull --check --platform --progress --quiet --tag --label --iidfile --metadata-file --load --output --push --provenance --sbom --no-cache --cache-from --cache-to --no-cache-filter --network --allow --secret --ssh --add-host --rm --force-rm --security-opt --shm-size --ulimit --memory --memory-swap --cpu-shares --cpu-period --cpu-quota --cpuset-cpus --cpuset-mems --cgroup-parent --help
          else
            if ((at == 1)); then :; else :; fi
          fi
          ;;
      esac
      ;;
    builder-prune)
      case "$name" in
        --filter) _skiff_offer 'until=' ;;
        --keep-storage) : ;;
        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --all --filter --force --keep-storage --help
          else
            if ((at == 1)); then :; else :; fi
          fi
          ;;
      esac
      ;;
    buildx-du)
      case "$name" in
        --format) : ;;
        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --format --help
          else
            if ((at == 1)); then :; else :; fi
          fi
          ;;
      esac
      ;;
    images)
      case "$name" in
        --filter|-f) _skiff_offer 'reference=' 'dangling=true' 'label=' 'before=' 'since=' 'until=' ;;
        --format) _skiff_offer 'json' 'table' ;;
        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --all --digests --filter --format --no-trunc --quiet --help
          else
            if ((at == 1)); then _skiff_names images; else :; fi
          fi
          ;;
      esac
      ;;
    pull)
      case "$name" in
        --platform) _skiff_offer 'linux/amd64' 'linux/arm64' 'linux/arm/v7' ;;
        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --all-tags --disable-content-trust --platform --quiet --help
          else
            if ((at == 1)); then _skiff_names images; else :; fi
          fi
          ;;
      esac
      ;;
    push)
      case "$name" in
        --platform) _skiff_offer 'linux/amd64' 'linux/arm64' 'linux/arm/v7' ;;
        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --all-tags --disable-content-trust --platform --quiet --help
          else
            if ((at == 1)); then _skiff_names images; else :; fi
          fi
          ;;
      esac
      ;;
    load)
      case "$name" in
        --input|-i) _skiff_files -f ;;
        --platform) _skiff_offer 'linux/amd64' 'linux/arm64' 'linux/arm/v7' ;;
        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --input --platform --quiet --help
          else
            if ((at == 1)); then :; else :; fi
          fi
          ;;
      esac
      ;;
    import)
      case "$name" in
        --change|-c) : ;;
        --message|-m) : ;;
        --platform) _skiff_offer 'linux/amd64' 'linux/arm64' 'linux/arm/v7' ;;
        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --change --message --platform --help
          else
            if ((at == 1)); then _skiff_files -f; else :; fi
          fi
          ;;
      esac
      ;;
    save)
      case "$name" in
        --output|-o) _skiff_files -f ;;
        --platform) _skiff_offer 'linux/amd64' 'linux/arm64' 'linux/arm/v7' ;;
        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --output --platform --help
          else
            _skiff_names images
          fi
          ;;
      esac
      ;;
    history)
      case "$name" in
        --format) _skiff_offer 'json' 'table' ;;
        --platform) _skiff_offer 'linux/amd64' 'linux/arm64' 'linux/arm/v7' ;;
        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --format --human --no-trunc --platform --quiet --help
          else
            if ((at == 1)); then _skiff_names images; else :; fi
          fi
          ;;
      esac
      ;;
    image-inspect)
      case "$name" in
        --format|-f) _skiff_offer 'json' ;;
        --platform) _skiff_offer 'linux/amd64' 'linux/arm64' 'linux/arm/v7' ;;
        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --format --platform --help
          else
            _skiff_names images
          fi
          ;;
      esac
      ;;
    manifest-inspect)
      case "$name" in

        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --insecure --verbose --help
          else
            if ((at == 1)); then _skiff_names images; else :; fi
          fi
          ;;
      esac
      ;;
    tag)
      case "$name" in

        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --help
          else
            if ((at == 1)); then _skiff_names images; else :; fi
          fi
          ;;
      esac
      ;;
    rmi)
      case "$name" in
        --platform) _skiff_offer 'linux/amd64' 'linux/arm64' 'linux/arm/v7' ;;
        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --force --no-prune --platform --help
          else
            _skiff_names images
          fi
          ;;
      esac
      ;;
    image-prune)
      case "$name" in
        --filter) _skiff_offer 'until=' 'label=' 'label!=' ;;
        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --all --filter --force --help
          else
            if ((at == 1)); then :; else :; fi
          fi
          ;;
      esac
      ;;
    network-create)
      case "$name" in
        --config-from) _skiff_names networks ;;
        --driver|-d) _skiff_offer 'bridge' 'macvlan' 'ipvlan' ;;
        --label) : ;;
        --opt|-o) _skiff_offer 'com.docker.network.driver.mtu=' 'com.docker.network.bridge.name=' 'parent=' 'macvlan_mode=' 'ipvlan_mode=' ;;
        --scope) _skiff_offer 'local' ;;
        --aux-address) : ;;
        --gateway) : ;;
        --ip-range) : ;;
        --ipam-driver) _skiff_offer 'default' ;;
        --subnet) : ;;
        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --attachable --config-from --config-only --driver --internal --label --opt --scope --aux-address --gateway --ip-range --ipam-driver --ipv4 --ipv6 --subnet --help
          else
            if ((at == 1)); then :; else :; fi
          fi
          ;;
      esac
      ;;
    network-ls)
      case "$name" in
        --filter|-f) _skiff_offer 'dangling=' 'driver=' 'id=' 'label=' 'name=' 'scope=' 'type=' ;;
        --format) _skiff_offer 'json' 'table' ;;
        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --filter --format --no-trunc --quiet --help
          else
            if ((at == 1)); then :; else :; fi
          fi
          ;;
      esac
      ;;
    network-inspect)
      case "$name" in
        --format|-f) _skiff_offer 'json' ;;
        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --format --verbose --help
          else
            _skiff_names networks
          fi
          ;;
      esac
      ;;
    network-connect)
      case "$name" in
        --alias) : ;;
        --driver-opt) _skiff_offer 'com.docker.network.endpoint.ifname=' ;;
        --gw-priority) : ;;
        --ip) : ;;
        --ip6) : ;;
        --link) : ;;
        --link-local-ip) : ;;
        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --alias --driver-opt --gw-priority --ip --ip6 --link --link-local-ip --help
          else
            if ((at == 1)); then _skiff_names networks; else :; fi
          fi
          ;;
      esac
      ;;
    network-disconnect)
      case "$name" in

        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --force --help
          else
            if ((at == 1)); then _skiff_names networks; else :; fi
          fi
          ;;
      esac
      ;;
    network-rm)
      case "$name" in

        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --force --help
          else
            _skiff_names networks
          fi
          ;;
      esac
      ;;
    network-prune)
      case "$name" in
        --filter) _skiff_offer 'until=' 'label=' 'label!=' ;;
        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --filter --force --help
          else
            if ((at == 1)); then :; else :; fi
          fi
          ;;
      esac
      ;;
    volume-create)
      case "$name" in
        --driver|-d) _skiff_offer 'local' 'fuse' ;;
        --label) : ;;
        --name) : ;;
        --opt|-o) _skiff_offer 'type=tmpfs' 'device=' 'o=size=' 'type=none' 'o=bind' 'program=sshfs' ;;
        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --driver --label --name --opt --help
          else
            if ((at == 1)); then :; else :; fi
          fi
          ;;
      esac
      ;;
    volume-ls)
      case "$name" in
        --filter|-f) _skiff_offer 'dangling=' 'driver=' 'label=' 'name=' ;;
        --format) _skiff_offer 'json' 'table' ;;
        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --cluster --filter --format --quiet --help
          else
            if ((at == 1)); then :; else :; fi
          fi
          ;;
      esac
      ;;
    volume-inspect)
      case "$name" in
        --format|-f) _skiff_offer 'json' ;;
        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --format --help
          else
            _skiff_names volumes
          fi
          ;;
      esac
      ;;
    volume-rm)
      case "$name" in

        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --force --help
          else
            _skiff_names volumes
          fi
          ;;
      esac
      ;;
    volume-prune)
      case "$name" in
        --filter) _skiff_offer 'label=' 'label!=' 'all=' ;;
        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --all --filter --force --help
          else
            if ((at == 1)); then :; else :; fi
          fi
          ;;
      esac
      ;;
    volume-update)
      case "$name" in

        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --help
          else
            if ((at == 1)); then _skiff_names volumes; else :; fi
          fi
          ;;
      esac
      ;;
    volume-export)
      case "$name" in
        --output|-o) _skiff_files -f ;;
        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --output --help
          else
            if ((at == 1)); then _skiff_names volumes; else :; fi
          fi
          ;;
      esac
      ;;
    volume-import)
      case "$name" in

        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --help
          else
            if ((at == 1)); then _skiff_names volumes; else :; fi
          fi
          ;;
      esac
      ;;
    volume-clone)
      case "$name" in

        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --help
          else
            if ((at == 1)); then _skiff_names volumes; else :; fi
          fi
          ;;
      esac
      ;;
    login)
      case "$name" in
        --username|-u) : ;;
        --password|-p) : ;;
        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --username --password --password-stdin --help
          else
            if ((at == 1)); then :; else :; fi
          fi
          ;;
      esac
      ;;
    logout)
      case "$name" in

        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --help
          else
            if ((at == 1)); then :; else :; fi
          fi
          ;;
      esac
      ;;
    search)
      case "$name" in
        --filter|-f) _skiff_offer 'is-official=true' 'is-automated=false' 'stars=' ;;
        --format) _skiff_offer 'json' 'table' ;;
        --limit) : ;;
        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --filter --format --limit --no-trunc --help
          else
            if ((at == 1)); then :; else :; fi
          fi
          ;;
      esac
      ;;
    info)
      case "$name" in
        --format|-f) _skiff_offer 'json' ;;
        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --format --help
          else
            if ((at == 1)); then :; else :; fi
          fi
          ;;
      esac
      ;;
    doctor)
      case "$name" in
        --format) _skiff_offer 'json' 'table' ;;
        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --format --repair --help
          else
            if ((at == 1)); then :; else :; fi
          fi
          ;;
      esac
      ;;
    system-df)
      case "$name" in
        --format) _skiff_offer 'json' 'table' ;;
        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --format --verbose --help
          else
            if ((at == 1)); then :; else :; fi
          fi
          ;;
      esac
      ;;
    system-prune)
      case "$name" in
        --filter) _skiff_offer 'until=' 'label=' 'label!=' ;;
        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --all --filter --force --volumes --help
          else
            if ((at == 1)); then :; else :; fi
          fi
          ;;
      esac
      ;;
    system-install)
      case "$name" in

        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --systemd --cron --help
          else
            if ((at == 1)); then :; else :; fi
          fi
          ;;
      esac
      ;;
    system-uninstall)
      case "$name" in

        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --help
          else
            if ((at == 1)); then :; else :; fi
          fi
          ;;
      esac
      ;;
    system-boot)
      case "$name" in

        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --help
          else
            if ((at == 1)); then :; else :; fi
          fi
          ;;
      esac
      ;;
    system-shutdown)
      case "$name" in

        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --help
          else
            if ((at == 1)); then :; else :; fi
          fi
          ;;
      esac
      ;;
    version)
      case "$name" in
        --format|-f) _skiff_offer 'json' ;;
        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --format --help
          else
            if ((at == 1)); then :; else :; fi
          fi
          ;;
      esac
      ;;
    completion)
      case "$name" in

        *)
          if [[ -z $args_only && $cur == -* ]]; then
            _skiff_offer --help
          else
            if ((at == 1)); then _skiff_offer bash zsh fish; else :; fi
          fi
          ;;
      esac
      ;;
    builder) _skiff_offer build du prune ;;
    buildx) _skiff_offer build b du prune ;;
    container) _skiff_offer attach create commit cp diff exec export inspect list kill logs ls pause port prune ps remove rename restart rm run start stop unpause update wait stats top ;;
    image) _skiff_offer build history import inspect list load ls prune pull push remove rm save tag ;;
    manifest) _skiff_offer inspect ;;
    network) _skiff_offer connect create disconnect inspect list ls prune remove rm ;;
    system) _skiff_offer boot df doctor events info install prune shutdown uninstall ;;
    volume) _skiff_offer clone create export import inspect list ls prune remove rm update ;;
  esac
}

complete -o nosort -F _skiff skiff 2>/dev/null || complete -F _skiff skiff
