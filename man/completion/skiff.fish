# fish completion for skiff; made from its option tables by 'skiff completion fish'.

# Prints the command on the line, a long form by its short name; nothing before there is one.
function __skiff_command
    set -l words (commandline -opc)
    set -e words[1]
    argparse -s 'help' 'root=+' 'storage-driver=+' 'v/version' -- $words 2>/dev/null; or return
    switch "$argv[1] $argv[2]"
        case 'image build'
            echo build
        case 'builder build'
            echo build
        case 'buildx build'
            echo build
        case 'buildx b'
            echo build
        case 'buildx du'
            echo buildx-du
        case 'buildx prune'
            echo builder-prune
        case 'builder du'
            echo buildx-du
        case 'builder prune'
            echo builder-prune
        case 'container attach'
            echo attach
        case 'container create'
            echo create
        case 'container commit'
            echo commit
        case 'container cp'
            echo cp
        case 'container diff'
            echo diff
        case 'container exec'
            echo exec
        case 'container export'
            echo export
        case 'container inspect'
            echo container-inspect
        case 'container list'
            echo ps
        case 'container kill'
            echo kill
        case 'container logs'
            echo logs
        case 'container ls'
            echo ps
        case 'container pause'
            echo pause
        case 'container port'
            echo port
        case 'container prune'
            echo container-prune
        case 'container ps'
            echo ps
        case 'container remove'
            echo rm
        case 'container rename'
            echo rename
        case 'container restart'
            echo restart
        case 'container rm'
            echo rm
        case 'container run'
            echo run
        case 'container start'
            echo start
        case 'container stop'
            echo stop
        case 'container unpause'
            echo unpause
        case 'container update'
            echo update
        case 'container wait'
            echo wait
        case 'container stats'
            echo stats
        case 'container top'
            echo top
        case 'image history'
            echo history
        case 'image import'
            echo import
        case 'image inspect'
            echo image-inspect
        case 'image list'
            echo images
        case 'image load'
            echo load
        case 'image ls'
            echo images
        case 'image prune'
            echo image-prune
        case 'image pull'
            echo pull
        case 'image push'
            echo push
        case 'image remove'
            echo rmi
        case 'image rm'
            echo rmi
        case 'image save'
            echo save
        case 'image tag'
            echo tag
        case 'manifest inspect'
            echo manifest-inspect
        case 'network connect'
            echo network-connect
        case 'network create'
            echo network-create
        case 'network disconnect'
            echo network-disconnect
        case 'network inspect'
            echo network-inspect
        case 'network list'
            echo network-ls
        case 'network ls'
            echo network-ls
        case 'network prune'
            echo network-prune
        case 'network remove'
            echo network-rm
        case 'network rm'
            echo network-rm
        case 'system boot'
            echo system-boot
        case 'system df'
            echo system-df
        case 'system doctor'
            echo doctor
        case 'system events'
            echo events
        case 'system info'
            echo info
        case 'system install'
            echo system-install
        case 'system prune'
            echo system-prune
        case 'system shutdown'
            echo system-shutdown
        case 'system uninstall'
            echo system-uninstall
        case 'volume clone'
            echo volume-clone
        case 'volume create'
            echo volume-create
        case 'volume export'
            echo volume-export
        case 'volume import'
            echo volume-import
        case 'volume inspect'
            echo volume-inspect
        case 'volume list'
            echo volume-ls
        case 'volume ls'
            echo volume-ls
        case 'volume prune'
            echo volume-prune
        case 'volume remove'
            echo volume-rm
        case 'volume rm'
            echo volume-rm
        case 'volume update'
            echo volume-update
        case '*'
            echo $argv[1]
    end
end

# Whether the command is one of those given.
function __skiff_is
    contains -- (__skiff_command; or echo) $argv
end

function __skiff_no_command
    test -z (__skiff_command | string collect)
end

# Prints the arguments that follow the command, without flags; those of another program's command line count all.
function __skiff_arguments
    set -l words (commandline -opc)
    set -l command (__skiff_command)
    set -e words[1]
    while set -q words[1]; and test "$words[1]" != $command; and not contains -- $words[1] builder buildx container image manifest network system volume
        set -e words[1]
    end
    contains -- "$words[1]" builder buildx container image manifest network system volume; and set -e words[1]
    set -e words[1]
    set -l spec
    switch $command
        case run
            set spec -s 'help' 'annotation=+' 'a/attach=+' 'cidfile=+' 'd/detach' 'detach-keys=+' 'entrypoint=+' 'e/env=+' 'env-file=+' 'init' 'i/interactive' 'l/label=+' 'label-file=+' 'log-driver=+' 'log-opt=+' 'name=+' 'platform=+' 'pull=+' 'q/quiet' 'restart=+' 'rm' 'runtime=+' 'sig-proxy' 'stop-signal=+' 'stop-timeout=+' 't/tty' 'u/user=+' 'w/workdir=+' 'device=+' 'mount=+' 'read-only' 'rootfs=+' 'tmpfs=+' 'v/volume=+' 'volume-driver=+' 'volumes-from=+' 'cap-add=+' 'cap-drop=+' 'group-add=+' 'privileged' 'security-opt=+' 'userns=+' 'add-host=+' 'cgroupns=+' 'dns=+' 'dns-option=+' 'dns-search=+' 'domainname=+' 'expose=+' 'h/hostname=+' 'ip=+' 'ip6=+' 'ipc=+' 'link=+' 'link-local-ip=+' 'mac-address=+' 'network=+' 'network-alias=+' 'pid=+' 'p/publish=+' 'P/publish-all' 'uts=+' 'blkio-weight=+' 'cpu-period=+' 'cpu-quota=+' 'c/cpu-shares=+' 'cpus=+' 'cpuset-cpus=+' 'cpuset-mems=+' 'm/memory=+' 'memory-reservation=+' 'memory-swap=+' 'pids-limit=+' 'blkio-weight-device=+' 'cgroup-parent=+' 'device-read-bps=+' 'device-read-iops=+' 'device-write-bps=+' 'device-write-iops=+' 'isolation=+' 'oom-score-adj=+' 'health-cmd=+' 'health-interval=+' 'health-retries=+' 'health-start-interval=+' 'health-start-period=+' 'health-timeout=+' 'no-healthcheck' 'shm-size=+' 'sysctl=+' 'ulimit=+'
        case create
            set spec -s 'help' 'annotation=+' 'a/attach=+' 'cidfile=+' 'entrypoint=+' 'e/env=+' 'env-file=+' 'init' 'i/interactive' 'l/label=+' 'label-file=+' 'log-driver=+' 'log-opt=+' 'name=+' 'platform=+' 'pull=+' 'q/quiet' 'restart=+' 'rm' 'runtime=+' 'stop-signal=+' 'stop-timeout=+' 't/tty' 'u/user=+' 'w/workdir=+' 'device=+' 'mount=+' 'read-only' 'rootfs=+' 'tmpfs=+' 'v/volume=+' 'volume-driver=+' 'volumes-from=+' 'cap-add=+' 'cap-drop=+' 'group-add=+' 'privileged' 'security-opt=+' 'userns=+' 'add-host=+' 'cgroupns=+' 'dns=+' 'dns-option=+' 'dns-search=+' 'domainname=+' 'expose=+' 'h/hostname=+' 'ip=+' 'ip6=+' 'ipc=+' 'link=+' 'link-local-ip=+' 'mac-address=+' 'network=+' 'network-alias=+' 'pid=+' 'p/publish=+' 'P/publish-all' 'uts=+' 'blkio-weight=+' 'cpu-period=+' 'cpu-quota=+' 'c/cpu-shares=+' 'cpus=+' 'cpuset-cpus=+' 'cpuset-mems=+' 'm/memory=+' 'memory-reservation=+' 'memory-swap=+' 'pids-limit=+' 'blkio-weight-device=+' 'cgroup-parent=+' 'device-read-bps=+' 'device-read-iops=+' 'device-write-bps=+' 'device-write-iops=+' 'isolation=+' 'oom-score-adj=+' 'health-cmd=+' 'health-interval=+' 'health-retries=+' 'health-start-interval=+' 'health-start-period=+' 'health-timeout=+' 'no-healthcheck' 'shm-size=+' 'sysctl=+' 'ulimit=+'
        case start
            set spec 'help' 'a/attach' 'detach-keys=+' 'i/interactive'
        case restart
            set spec 'help' 's/signal=+' 't/timeout=+'
        case exec
            set spec -s 'help' 'd/detach' 'detach-keys=+' 'e/env=+' 'env-file=+' 'i/interactive' 'privileged' 't/tty' 'u/user=+' 'w/workdir=+'
        case attach
            set spec 'help' 'detach-keys=+' 'no-stdin' 'sig-proxy'
        case logs
            set spec 'help' 'details' 'f/follow' 'since=+' 'n/tail=+' 't/timestamps' 'until=+'
        case ps
            set spec 'help' 'a/all' 'all-hosts' 'f/filter=+' 'format=+' 'n/last=+' 'l/latest' 'no-trunc' 'q/quiet' 's/size'
        case inspect
            set spec 'help' 'f/format=+' 's/size' 'type=+'
        case container-inspect
            set spec 'help' 'f/format=+' 's/size'
        case top
            set spec -s 'help'
        case stats
            set spec 'help' 'a/all' 'format=+' 'no-stream' 'no-trunc'
        case port
            set spec 'help'
        case events
            set spec 'help' 'f/filter=+' 'format=+' 'since=+' 'until=+'
        case stop
            set spec 'help' 's/signal=+' 't/timeout=+'
        case kill
            set spec 'help' 's/signal=+'
        case wait
            set spec 'help'
        case pause
            set spec 'help'
        case unpause
            set spec 'help'
        case update
            set spec 'help' 'blkio-weight=+' 'cpu-period=+' 'cpu-quota=+' 'c/cpu-shares=+' 'cpus=+' 'cpuset-cpus=+' 'cpuset-mems=+' 'm/memory=+' 'memory-reservation=+' 'memory-swap=+' 'pids-limit=+' 'restart=+'
        case rename
            set spec 'help'
        case rm
            set spec 'help' 'f/force' 'l/link' 'v/volumes'
        case container-prune
            set spec 'help' 'filter=+' 'f/force'
        case export
            set spec 'help' 'o/output=+'
        case diff
            set spec 'help'
        case cp
            set spec 'help' 'a/archive' 'L/follow-link' 'q/quiet'
        case commit
            set spec 'help' 'a/author=+' 'c/change=+' 'm/message=+' 'p/pause' 'no-pause'
        case build
            set spec 'help' 'f/file=+' 'build-context=+' 'target=+' 'build-arg=+' 'pull' 'check' 'platform=+' 'progress=+' 'q/quiet' 't/tag=+' 'label=+' 'iidfile=+' 'metadata-file=+' 'load' 'o/output=+' 'push' 'provenance=+' 'sbom=+' 'no-cache' 'cache-from=+' 'cache-to=+' 'no-cache-filter=+' 'network=+' 'allow=+' 'secret=+' 'ssh=+' 'add-host=+' 'rm' 'force-rm' 'security-opt=+' 'shm-size=+' 'ulimit=+' 'm/memory=+' 'memory-swap=+' 'c/cpu-shares=+' 'cpu-period=+' 'cpu-quota=+' 'cpuset-cpus=+' 'cpuset-mems=+' 'cgroup-parent=+'
        case builder-prune
            set spec 'help' 'a/all' 'filter=+' 'f/force' 'keep-storage=+'
        case buildx-du
            set spec 'help' 'format=+'
        case images
            set spec 'help' 'a/all' 'digests' 'f/filter=+' 'format=+' 'no-trunc' 'q/quiet'
        case pull
            set spec 'help' 'a/all-tags' 'disable-content-trust' 'platform=+' 'q/quiet'
        case push
            set spec 'help' 'a/all-tags' 'disable-content-trust' 'platform=+' 'q/quiet'
        case load
            set spec 'help' 'i/input=+' 'platform=+' 'q/quiet'
        case import
            set spec 'help' 'c/change=+' 'm/message=+' 'platform=+'
        case save
            set spec 'help' 'o/output=+' 'platform=+'
        case history
            set spec 'help' 'format=+' 'H/human' 'no-trunc' 'platform=+' 'q/quiet'
        case image-inspect
            set spec 'help' 'f/format=+' 'platform=+'
        case manifest-inspect
            set spec 'help' 'insecure' 'v/verbose'
        case tag
            set spec 'help'
        case rmi
            set spec 'help' 'f/force' 'no-prune' 'platform=+'
        case image-prune
            set spec 'help' 'a/all' 'filter=+' 'f/force'
        case network-create
            set spec 'help' 'attachable' 'config-from=+' 'config-only' 'd/driver=+' 'internal' 'label=+' 'o/opt=+' 'scope=+' 'aux-address=+' 'gateway=+' 'ip-range=+' 'ipam-driver=+' 'ipv4' 'ipv6' 'subnet=+'
        case network-ls
            set spec 'help' 'f/filter=+' 'format=+' 'no-trunc' 'q/quiet'
        case network-inspect
            set spec 'help' 'f/format=+' 'v/verbose'
        case network-connect
            set spec 'help' 'alias=+' 'driver-opt=+' 'gw-priority=+' 'ip=+' 'ip6=+' 'link=+' 'link-local-ip=+'
        case network-disconnect
            set spec 'help' 'f/force'
        case network-rm
            set spec 'help' 'f/force'
        case network-prune
            set spec 'help' 'filter=+' 'f/force'
        case volume-create
            set spec 'help' 'd/driver=+' 'label=+' 'name=+' 'o/opt=+'
        case volume-ls
            set spec 'help' 'cluster' 'f/filter=+' 'format=+' 'q/quiet'
        case volume-inspect
            set spec 'help' 'f/format=+'
        case volume-rm
            set spec 'help' 'f/force'
        case volume-prune
            set spec 'help' 'a/all' 'filter=+' 'f/force'
        case volume-update
            set spec 'help'
        case volume-export
            set spec 'help' 'o/output=+'
        case volume-import
            set spec 'help'
        case volume-clone
            set spec 'help'
        case login
            set spec 'help' 'u/username=+' 'p/password=+' 'password-stdin'
        case logout
            set spec 'help'
        case search
            set spec 'help' 'f/filter=+' 'format=+' 'limit=+' 'no-trunc'
        case info
            set spec 'help' 'f/format=+'
        case doctor
            set spec 'help' 'format=+' 'repair'
        case system-df
            set spec 'help' 'format=+' 'v/verbose'
        case system-prune
            set spec 'help' 'a/all' 'filter=+' 'f/force' 'volumes'
        case system-install
            set spec 'help' 'systemd' 'cron'
        case system-uninstall
            set spec 'help'
        case system-boot
            set spec 'help'
        case system-shutdown
            set spec 'help'
        case version
            set spec 'help' 'f/format=+'
        case completion
            set spec 'help'
    end
    # A flag whose value is just being typed lacks it here.
    argparse $spec -- $words 2>/dev/null; or argparse $spec -- $words '' 2>/dev/null; or return
    set -q argv[1]; and printf '%s\n' $argv
end

# Whether this many arguments follow the command.
function __skiff_argument_is
    test (count (__skiff_arguments)) -eq $argv[1]
end

complete -c skiff -f
complete -c skiff -n '__skiff_no_command' -l root -x -a '(__fish_complete_directories)' -d 'Keep images and containers in this directory (also: SKIFF_ROOT)'
complete -c skiff -n '__skiff_no_command' -l storage-driver -x -a 'auto overlay fuse-overlayfs' -d 'Storage driver (also: SKIFF_STORAGE_DRIVER)'
complete -c skiff -n '__skiff_no_command' -l version -s v -d 'Print the version and leave'
complete -c skiff -n '__skiff_no_command' -l help -d 'Print this help and leave'
complete -c skiff -n __skiff_no_command -a run -d 'Create and run a new container from an image'
complete -c skiff -n __skiff_no_command -a create -d 'Create a new container from an image without starting it'
complete -c skiff -n __skiff_no_command -a start -d 'Start containers that were created or have ended'
complete -c skiff -n __skiff_no_command -a restart -d 'Stop containers and start them again'
complete -c skiff -n __skiff_no_command -a exec -d 'Run a command in a running container'
complete -c skiff -n __skiff_no_command -a attach -d 'Connect your terminal to a running container'
complete -c skiff -n __skiff_no_command -a logs -d 'Show what a container has printed'
complete -c skiff -n __skiff_no_command -a ps -d 'List containers'
complete -c skiff -n __skiff_no_command -a inspect -d 'Show all that is known of containers, images and networks'
complete -c skiff -n __skiff_no_command -a top -d 'Show the processes of a container'
complete -c skiff -n __skiff_no_command -a stats -d 'Show what containers use: processors, memory, network, disks'
complete -c skiff -n __skiff_no_command -a port -d 'Show where the ports of a container are published'
complete -c skiff -n __skiff_no_command -a events -d 'Show what happens to containers and images, as it happens'
complete -c skiff -n __skiff_no_command -a stop -d 'Stop one or more running containers'
complete -c skiff -n __skiff_no_command -a kill -d 'Send a signal to one or more running containers'
complete -c skiff -n __skiff_no_command -a wait -d 'Wait until containers have ended, and print their exit codes'
complete -c skiff -n __skiff_no_command -a pause -d 'Make all processes of one or more containers stand still'
complete -c skiff -n __skiff_no_command -a unpause -d 'Let all processes of one or more paused containers go on'
complete -c skiff -n __skiff_no_command -a update -d 'Change limits and restart policy of one or more containers'
complete -c skiff -n __skiff_no_command -a rename -d 'Give a container another name'
complete -c skiff -n __skiff_no_command -a rm -d 'Remove one or more containers'
complete -c skiff -n __skiff_no_command -a export -d 'Write a container\'s file system as a tar archive'
complete -c skiff -n __skiff_no_command -a diff -d 'List what a container has changed of its image\'s files'
complete -c skiff -n __skiff_no_command -a cp -d 'Copy files between a container and the host'
complete -c skiff -n __skiff_no_command -a commit -d 'Make an image of a container\'s changes'
complete -c skiff -n __skiff_no_command -a build -d 'Build an image from a Dockerfile'
complete -c skiff -n __skiff_no_command -a images -d 'List images'
complete -c skiff -n __skiff_no_command -a pull -d 'Download an image from a registry'
complete -c skiff -n __skiff_no_command -a push -d 'Upload an image to a registry'
complete -c skiff -n __skiff_no_command -a load -d 'Load images from an archive'
complete -c skiff -n __skiff_no_command -a import -d 'Make an image from an archive of a file system'
complete -c skiff -n __skiff_no_command -a save -d 'Save images to an archive'
complete -c skiff -n __skiff_no_command -a history -d 'Show how an image came about'
complete -c skiff -n __skiff_no_command -a tag -d 'Give an image another name'
complete -c skiff -n __skiff_no_command -a rmi -d 'Remove one or more images'
complete -c skiff -n __skiff_no_command -a login -d 'Log in to a registry'
complete -c skiff -n __skiff_no_command -a logout -d 'Log out from a registry'
complete -c skiff -n __skiff_no_command -a search -d 'Search a registry for images'
complete -c skiff -n __skiff_no_command -a info -d 'Show what Skiff found on this machine and what it chose'
complete -c skiff -n __skiff_no_command -a doctor -d 'Check what this machine lacks, and clear up leftovers'
complete -c skiff -n __skiff_no_command -a version -d 'Show the version'
complete -c skiff -n __skiff_no_command -a completion -d 'Print the completion script of a shell'
complete -c skiff -n __skiff_no_command -a builder -d 'Commands on a builder'
complete -c skiff -n __skiff_no_command -a buildx -d 'Commands on a buildx'
complete -c skiff -n __skiff_no_command -a container -d 'Commands on a container'
complete -c skiff -n __skiff_no_command -a image -d 'Commands on a image'
complete -c skiff -n __skiff_no_command -a manifest -d 'Commands on a manifest'
complete -c skiff -n __skiff_no_command -a network -d 'Commands on a network'
complete -c skiff -n __skiff_no_command -a system -d 'Commands on a system'
complete -c skiff -n __skiff_no_command -a volume -d 'Commands on a volume'
complete -c skiff -n '__skiff_is image' -a build -d 'Build an image from a Dockerfile'
complete -c skiff -n '__skiff_is builder' -a build -d 'Build an image from a Dockerfile'
complete -c skiff -n '__skiff_is buildx' -a build -d 'Build an image from a Dockerfile'
complete -c skiff -n '__skiff_is buildx' -a b -d 'Build an image from a Dockerfile'
complete -c skiff -n '__skiff_is buildx' -a du -d 'Show what builds remember, and how large it is'
complete -c skiff -n '__skiff_is buildx' -a prune -d 'Forget what builds remember'
complete -c skiff -n '__skiff_is builder' -a du -d 'Show what builds remember, and how large it is'
complete -c skiff -n '__skiff_is builder' -a prune -d 'Forget what builds remember'
complete -c skiff -n '__skiff_is container' -a attach -d 'Connect your terminal to a running container'
complete -c skiff -n '__skiff_is container' -a create -d 'Create a new container from an image without starting it'
complete -c skiff -n '__skiff_is container' -a commit -d 'Make an image of a container\'s changes'
complete -c skiff -n '__skiff_is container' -a cp -d 'Copy files between a container and the host'
complete -c skiff -n '__skiff_is container' -a diff -d 'List what a container has changed of its image\'s files'
complete -c skiff -n '__skiff_is container' -a exec -d 'Run a command in a running container'
complete -c skiff -n '__skiff_is container' -a export -d 'Write a container\'s file system as a tar archive'
complete -c skiff -n '__skiff_is container' -a inspect -d 'Show all that is known of containers'
complete -c skiff -n '__skiff_is container' -a list -d 'List containers'
complete -c skiff -n '__skiff_is container' -a kill -d 'Send a signal to one or more running containers'
complete -c skiff -n '__skiff_is container' -a logs -d 'Show what a container has printed'
complete -c skiff -n '__skiff_is container' -a ls -d 'List containers'
complete -c skiff -n '__skiff_is container' -a pause -d 'Make all processes of one or more containers stand still'
complete -c skiff -n '__skiff_is container' -a port -d 'Show where the ports of a container are published'
complete -c skiff -n '__skiff_is container' -a prune -d 'Remove all containers that do not run'
complete -c skiff -n '__skiff_is container' -a ps -d 'List containers'
complete -c skiff -n '__skiff_is container' -a remove -d 'Remove one or more containers'
complete -c skiff -n '__skiff_is container' -a rename -d 'Give a container another name'
complete -c skiff -n '__skiff_is container' -a restart -d 'Stop containers and start them again'
complete -c skiff -n '__skiff_is container' -a rm -d 'Remove one or more containers'
complete -c skiff -n '__skiff_is container' -a run -d 'Create and run a new container from an image'
complete -c skiff -n '__skiff_is container' -a start -d 'Start containers that were created or have ended'
complete -c skiff -n '__skiff_is container' -a stop -d 'Stop one or more running containers'
complete -c skiff -n '__skiff_is container' -a unpause -d 'Let all processes of one or more paused containers go on'
complete -c skiff -n '__skiff_is container' -a update -d 'Change limits and restart policy of one or more containers'
complete -c skiff -n '__skiff_is container' -a wait -d 'Wait until containers have ended, and print their exit codes'
complete -c skiff -n '__skiff_is container' -a stats -d 'Show what containers use: processors, memory, network, disks'
complete -c skiff -n '__skiff_is container' -a top -d 'Show the processes of a container'
complete -c skiff -n '__skiff_is image' -a history -d 'Show how an image came about'
complete -c skiff -n '__skiff_is image' -a import -d 'Make an image from an archive of a file system'
complete -c skiff -n '__skiff_is image' -a inspect -d 'Show all that is known of one or more images'
complete -c skiff -n '__skiff_is image' -a list -d 'List images'
complete -c skiff -n '__skiff_is image' -a load -d 'Load images from an archive'
complete -c skiff -n '__skiff_is image' -a ls -d 'List images'
complete -c skiff -n '__skiff_is image' -a prune -d 'Remove images that are not used'
complete -c skiff -n '__skiff_is image' -a pull -d 'Download an image from a registry'
complete -c skiff -n '__skiff_is image' -a push -d 'Upload an image to a registry'
complete -c skiff -n '__skiff_is image' -a remove -d 'Remove one or more images'
complete -c skiff -n '__skiff_is image' -a rm -d 'Remove one or more images'
complete -c skiff -n '__skiff_is image' -a save -d 'Save images to an archive'
complete -c skiff -n '__skiff_is image' -a tag -d 'Give an image another name'
complete -c skiff -n '__skiff_is manifest' -a inspect -d 'Show the manifest or index of an image in its registry'
complete -c skiff -n '__skiff_is network' -a connect -d 'Put a container into a network'
complete -c skiff -n '__skiff_is network' -a create -d 'Make a network'
complete -c skiff -n '__skiff_is network' -a disconnect -d 'Take a container out of a network'
complete -c skiff -n '__skiff_is network' -a inspect -d 'Show all that is known of networks'
complete -c skiff -n '__skiff_is network' -a list -d 'List networks'
complete -c skiff -n '__skiff_is network' -a ls -d 'List networks'
complete -c skiff -n '__skiff_is network' -a prune -d 'Remove all networks that no container is in'
complete -c skiff -n '__skiff_is network' -a remove -d 'Remove one or more networks'
complete -c skiff -n '__skiff_is network' -a rm -d 'Remove one or more networks'
complete -c skiff -n '__skiff_is system' -a boot -d 'Start the containers that are to run when the machine does'
complete -c skiff -n '__skiff_is system' -a df -d 'Show what images, containers and volumes take on the disk'
complete -c skiff -n '__skiff_is system' -a doctor -d 'Check what this machine lacks, and clear up leftovers'
complete -c skiff -n '__skiff_is system' -a events -d 'Show what happens to containers and images, as it happens'
complete -c skiff -n '__skiff_is system' -a info -d 'Show what Skiff found on this machine and what it chose'
complete -c skiff -n '__skiff_is system' -a install -d 'Have containers come back when the machine does'
complete -c skiff -n '__skiff_is system' -a prune -d 'Remove what is not used, of all kinds'
complete -c skiff -n '__skiff_is system' -a shutdown -d 'Stop all your containers as when the machine goes down'
complete -c skiff -n '__skiff_is system' -a uninstall -d 'Undo \'skiff system install\''
complete -c skiff -n '__skiff_is volume' -a clone -d 'Make a volume with a copy of what another one holds'
complete -c skiff -n '__skiff_is volume' -a create -d 'Make a volume'
complete -c skiff -n '__skiff_is volume' -a export -d 'Write what a volume holds as a tar archive'
complete -c skiff -n '__skiff_is volume' -a import -d 'Put a tar archive into a volume'
complete -c skiff -n '__skiff_is volume' -a inspect -d 'Show all that is known of volumes'
complete -c skiff -n '__skiff_is volume' -a list -d 'List volumes'
complete -c skiff -n '__skiff_is volume' -a ls -d 'List volumes'
complete -c skiff -n '__skiff_is volume' -a prune -d 'Remove anonymous volumes that no container names'
complete -c skiff -n '__skiff_is volume' -a remove -d 'Remove one or more volumes, and what they hold'
complete -c skiff -n '__skiff_is volume' -a rm -d 'Remove one or more volumes, and what they hold'
complete -c skiff -n '__skiff_is volume' -a update -d 'Change a volume of a swarm, of which there are none'

complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l annotation -x -d 'Put an annotation into the container\'s config.json, for the OCI runtime'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l attach -s a -x -a 'stdin stdout stderr' -d 'Connect to this stream only: stdin, stdout or stderr. Without it, to both outputs, and with -i to the input'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l cidfile -r -F -d 'Write the container id to this file, which must not exist'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l detach -s d -d 'Run in the background and print the container id'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l detach-keys -x -d 'Keys that detach the terminal, separated by commas'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l entrypoint -x -d 'Run this program instead of the image\'s entry point'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l env -s e -x -d 'Set an environment variable; without a value, pass on your own'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l env-file -r -F -d 'Read environment variables from a file'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l init -d 'Run a small init as process 1, which passes on signals and reaps children'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l interactive -s i -d 'Keep standard input open'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l label -s l -x -d 'Put a label on the container'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l label-file -r -F -d 'Read labels from a file'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l log-driver -x -a 'json-file local none fluentd gelf journald syslog' -d 'Where its output goes: json-file, local, journald, syslog, gelf, fluentd or none'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l log-opt -x -a 'max-size=10m max-file=3 compress=true mode= labels= env= tag= syslog-address=udp:// syslog-format=rfc5424 gelf-address=udp:// fluentd-address= cache-disabled=true' -d 'Option of the log, such as max-size, max-file, compress, mode, tag, labels, syslog-address, gelf-address or fluentd-address'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l name -x -d 'Name of the container; without one, it is made up'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l platform -x -a 'linux/amd64 linux/arm64 linux/arm/v7' -d 'Use the image of this platform, where it has several'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l pull -x -a 'always missing never' -d 'When to pull the image: always, missing or never'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l quiet -s q -d 'Do not show the progress of a pull'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l restart -x -a 'no on-failure always unless-stopped' -d 'When to run it again after it has ended: no, on-failure[:TIMES], always or unless-stopped'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l rm -d 'Remove the container when it ends'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l runtime -x -a 'crun runc runsc' -d 'Hand the container to another OCI runtime, by name or path'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l sig-proxy -d 'Pass signals on to the command; with false they end only what is at the terminal'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l stop-signal -x -a 'SIGTERM SIGINT SIGQUIT SIGKILL' -d 'Signal that stops the container'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l stop-timeout -x -d 'Time that the container has to stop before it is killed; -1 waits for ever. Without it, 10'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l tty -s t -d 'Give the command a terminal'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l user -s u -x -d 'Run as this user, by name or id'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l workdir -s w -x -d 'Working directory inside the container'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l device -r -F -d 'Make a device of the host available'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l mount -x -a 'type=volume, type=bind, type=tmpfs, type=image,' -d 'Mount a volume, a directory or file of the host, a tmpfs or what an image holds: type=volume, bind, tmpfs or image, source and target'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l read-only -d 'Mount the container\'s root file system read-only'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l rootfs -x -a '(__fish_complete_directories)' -d 'Run from this directory instead of an image; nothing under it is written'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l tmpfs -x -d 'Mount a tmpfs'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l volume -s v -r -F -d 'Mount a volume by name, a path of the host, or without a source a new volume of its own. Options: ro, nocopy, U'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l volume-driver -x -a 'local fuse' -d 'Driver of volumes that are not there yet'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l volumes-from -x -a '(skiff __complete containers 2>/dev/null)' -d 'Mount the volumes, host paths and images of another container'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l cap-add -x -d 'Add a Linux capability'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l cap-drop -x -d 'Drop a Linux capability'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l group-add -x -d 'Join another group, by name or id'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l privileged -d 'All capabilities, no seccomp filter, nothing masked; still no more than you may do yourself'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l security-opt -x -a 'seccomp=unconfined no-new-privileges unmask=ALL' -d 'seccomp=FILE|unconfined, no-new-privileges, unmask=PATH|ALL'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l userns -x -a 'keep-id' -d 'User namespace to use'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l add-host -x -d 'Add a line to /etc/hosts'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l cgroupns -x -a 'private host' -d 'Cgroup namespace: private or host'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l dns -x -d 'Ask this name server'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l dns-option -x -d 'Add an option to /etc/resolv.conf, as in ndots:2'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l dns-search -x -d 'Look names up in this domain; . for none'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l domainname -x -d 'NIS domain name inside the container'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l expose -x -d 'Note that the container listens on these ports'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l hostname -s h -x -d 'Host name inside the container'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l ip -x -d 'IPv4 address in the first network'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l ip6 -x -d 'IPv6 address in the first network'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l ipc -x -a 'private host container:' -d 'IPC namespace: private, host or container:NAME'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l link -x -a '(skiff __complete containers 2>/dev/null)' -d 'Another name for a container of the first network (deprecated: containers of one network know each other by name)'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l link-local-ip -x -d 'Another, link-local address in the first network'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l mac-address -x -d 'MAC address in the first network, as in 02:42:ac:11:00:05'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l network -x -a 'slirp4netns none host container:' -d 'Name of a network (bridge without the flag), or slirp4netns, none, host or container:NAME. May be repeated, and may be a list: name=NAME, then alias, ip, ip6, mac-address, link-local-ip, driver-opt and gw-priority'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l network-alias -x -d 'Another name of the container in the first network'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l pid -x -a 'private host container:' -d 'PID namespace: private, host or container:NAME'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l publish -s p -x -d 'Lead a port of the host to one of the container, as in 8080:80, 127.0.0.1:8080:80/udp or 8000-8010:80-90; without HOST any free one'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l publish-all -s P -d 'Publish all ports of EXPOSE and --expose on free ports of the host'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l uts -x -a 'private host' -d 'Host name namespace: private or host'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l blkio-weight -x -d 'Share of the disks against other containers, from 10 to 1000; 0 for none'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l cpu-period -x -d 'Length of the periods that --cpu-quota is about; without it, 100000'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l cpu-quota -x -d 'Time on processors in each period; -1 for no limit'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l cpu-shares -s c -x -d 'Share of the processors against other containers when all want them; 1024 is usual'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l cpus -x -d 'How many processors it may use, as in 1.5'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l cpuset-cpus -x -d 'Use these processors only, as in 0-2,4'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l cpuset-mems -x -d 'Use the memory of these nodes only, as in 0,1'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l memory -s m -x -d 'Memory that it may use, as in 512m or 2g; at least 6m'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l memory-reservation -x -d 'Memory that is taken from it last when the machine has too little'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l memory-swap -x -d 'Memory and swap together; -1 for as much swap as there is. Without it, twice --memory'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l pids-limit -x -d 'How many processes and threads it may have; -1 for no limit'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l blkio-weight-device -r -F -d 'Share of one disk, as in /dev/sda:500'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l cgroup-parent -x -d 'Where its cgroup is made: a slice of your systemd user manager, or else a cgroup of yours'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l device-read-bps -r -F -d 'Most bytes that it may read from a disk in a second, as in /dev/sda:1mb'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l device-read-iops -r -F -d 'Most reads from a disk in a second'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l device-write-bps -r -F -d 'Most bytes that it may write to a disk in a second'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l device-write-iops -r -F -d 'Most writes to a disk in a second'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l isolation -x -a 'default' -d 'How the container is kept apart: on Linux there is one way'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l oom-score-adj -x -d 'How readily the kernel kills the container when memory runs out, up to 1000; less than 0 takes root'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l health-cmd -x -d 'Run this in the container, with /bin/sh -c, to see whether it is well'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l health-interval -x -d 'Time between two checks, as in 10s; 30s where nobody says otherwise'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l health-retries -x -d 'So many failures in a row make it unhealthy; 3 where nobody says otherwise'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l health-start-interval -x -d 'Time between two checks in the start period; 5s where nobody says otherwise'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l health-start-period -x -d 'Time that it has to get going; failures in it do not count'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l health-timeout -x -d 'A check that takes longer has failed; 30s where nobody says otherwise'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l no-healthcheck -d 'Do not run the image\'s health check'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l shm-size -x -d 'Size of /dev/shm, as in 64m or 1g'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l sysctl -x -d 'Set a kernel parameter inside the container'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l ulimit -x -d 'Set a resource limit, as in nofile=1024:4096'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -l help -d 'Print this help and leave'
complete -c skiff -n '__skiff_is run; and __skiff_argument_is 0' -a '(skiff __complete images 2>/dev/null)'
complete -c skiff -n '__skiff_is run; and not __skiff_argument_is 0' -F

complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l annotation -x -d 'Put an annotation into the container\'s config.json, for the OCI runtime'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l attach -s a -x -a 'stdin stdout stderr' -d 'Connect to this stream only: stdin, stdout or stderr. Without it, to both outputs, and with -i to the input'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l cidfile -r -F -d 'Write the container id to this file, which must not exist'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l entrypoint -x -d 'Run this program instead of the image\'s entry point'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l env -s e -x -d 'Set an environment variable; without a value, pass on your own'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l env-file -r -F -d 'Read environment variables from a file'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l init -d 'Run a small init as process 1, which passes on signals and reaps children'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l interactive -s i -d 'Keep standard input open'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l label -s l -x -d 'Put a label on the container'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l label-file -r -F -d 'Read labels from a file'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l log-driver -x -a 'json-file local none fluentd gelf journald syslog' -d 'Where its output goes: json-file, local, journald, syslog, gelf, fluentd or none'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l log-opt -x -a 'max-size=10m max-file=3 compress=true mode= labels= env= tag= syslog-address=udp:// syslog-format=rfc5424 gelf-address=udp:// fluentd-address= cache-disabled=true' -d 'Option of the log, such as max-size, max-file, compress, mode, tag, labels, syslog-address, gelf-address or fluentd-address'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l name -x -d 'Name of the container; without one, it is made up'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l platform -x -a 'linux/amd64 linux/arm64 linux/arm/v7' -d 'Use the image of this platform, where it has several'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l pull -x -a 'always missing never' -d 'When to pull the image: always, missing or never'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l quiet -s q -d 'Do not show the progress of a pull'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l restart -x -a 'no on-failure always unless-stopped' -d 'When to run it again after it has ended: no, on-failure[:TIMES], always or unless-stopped'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l rm -d 'Remove the container when it ends'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l runtime -x -a 'crun runc runsc' -d 'Hand the container to another OCI runtime, by name or path'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l stop-signal -x -a 'SIGTERM SIGINT SIGQUIT SIGKILL' -d 'Signal that stops the container'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l stop-timeout -x -d 'Time that the container has to stop before it is killed; -1 waits for ever. Without it, 10'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l tty -s t -d 'Give the command a terminal'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l user -s u -x -d 'Run as this user, by name or id'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l workdir -s w -x -d 'Working directory inside the container'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l device -r -F -d 'Make a device of the host available'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l mount -x -a 'type=volume, type=bind, type=tmpfs, type=image,' -d 'Mount a volume, a directory or file of the host, a tmpfs or what an image holds: type=volume, bind, tmpfs or image, source and target'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l read-only -d 'Mount the container\'s root file system read-only'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l rootfs -x -a '(__fish_complete_directories)' -d 'Run from this directory instead of an image; nothing under it is written'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l tmpfs -x -d 'Mount a tmpfs'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l volume -s v -r -F -d 'Mount a volume by name, a path of the host, or without a source a new volume of its own. Options: ro, nocopy, U'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l volume-driver -x -a 'local fuse' -d 'Driver of volumes that are not there yet'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l volumes-from -x -a '(skiff __complete containers 2>/dev/null)' -d 'Mount the volumes, host paths and images of another container'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l cap-add -x -d 'Add a Linux capability'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l cap-drop -x -d 'Drop a Linux capability'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l group-add -x -d 'Join another group, by name or id'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l privileged -d 'All capabilities, no seccomp filter, nothing masked; still no more than you may do yourself'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l security-opt -x -a 'seccomp=unconfined no-new-privileges unmask=ALL' -d 'seccomp=FILE|unconfined, no-new-privileges, unmask=PATH|ALL'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l userns -x -a 'keep-id' -d 'User namespace to use'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l add-host -x -d 'Add a line to /etc/hosts'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l cgroupns -x -a 'private host' -d 'Cgroup namespace: private or host'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l dns -x -d 'Ask this name server'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l dns-option -x -d 'Add an option to /etc/resolv.conf, as in ndots:2'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l dns-search -x -d 'Look names up in this domain; . for none'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l domainname -x -d 'NIS domain name inside the container'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l expose -x -d 'Note that the container listens on these ports'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l hostname -s h -x -d 'Host name inside the container'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l ip -x -d 'IPv4 address in the first network'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l ip6 -x -d 'IPv6 address in the first network'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l ipc -x -a 'private host container:' -d 'IPC namespace: private, host or container:NAME'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l link -x -a '(skiff __complete containers 2>/dev/null)' -d 'Another name for a container of the first network (deprecated: containers of one network know each other by name)'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l link-local-ip -x -d 'Another, link-local address in the first network'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l mac-address -x -d 'MAC address in the first network, as in 02:42:ac:11:00:05'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l network -x -a 'slirp4netns none host container:' -d 'Name of a network (bridge without the flag), or slirp4netns, none, host or container:NAME. May be repeated, and may be a list: name=NAME, then alias, ip, ip6, mac-address, link-local-ip, driver-opt and gw-priority'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l network-alias -x -d 'Another name of the container in the first network'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l pid -x -a 'private host container:' -d 'PID namespace: private, host or container:NAME'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l publish -s p -x -d 'Lead a port of the host to one of the container, as in 8080:80, 127.0.0.1:8080:80/udp or 8000-8010:80-90; without HOST any free one'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l publish-all -s P -d 'Publish all ports of EXPOSE and --expose on free ports of the host'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l uts -x -a 'private host' -d 'Host name namespace: private or host'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l blkio-weight -x -d 'Share of the disks against other containers, from 10 to 1000; 0 for none'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l cpu-period -x -d 'Length of the periods that --cpu-quota is about; without it, 100000'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l cpu-quota -x -d 'Time on processors in each period; -1 for no limit'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l cpu-shares -s c -x -d 'Share of the processors against other containers when all want them; 1024 is usual'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l cpus -x -d 'How many processors it may use, as in 1.5'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l cpuset-cpus -x -d 'Use these processors only, as in 0-2,4'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l cpuset-mems -x -d 'Use the memory of these nodes only, as in 0,1'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l memory -s m -x -d 'Memory that it may use, as in 512m or 2g; at least 6m'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l memory-reservation -x -d 'Memory that is taken from it last when the machine has too little'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l memory-swap -x -d 'Memory and swap together; -1 for as much swap as there is. Without it, twice --memory'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l pids-limit -x -d 'How many processes and threads it may have; -1 for no limit'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l blkio-weight-device -r -F -d 'Share of one disk, as in /dev/sda:500'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l cgroup-parent -x -d 'Where its cgroup is made: a slice of your systemd user manager, or else a cgroup of yours'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l device-read-bps -r -F -d 'Most bytes that it may read from a disk in a second, as in /dev/sda:1mb'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l device-read-iops -r -F -d 'Most reads from a disk in a second'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l device-write-bps -r -F -d 'Most bytes that it may write to a disk in a second'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l device-write-iops -r -F -d 'Most writes to a disk in a second'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l isolation -x -a 'default' -d 'How the container is kept apart: on Linux there is one way'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l oom-score-adj -x -d 'How readily the kernel kills the container when memory runs out, up to 1000; less than 0 takes root'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l health-cmd -x -d 'Run this in the container, with /bin/sh -c, to see whether it is well'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l health-interval -x -d 'Time between two checks, as in 10s; 30s where nobody says otherwise'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l health-retries -x -d 'So many failures in a row make it unhealthy; 3 where nobody says otherwise'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l health-start-interval -x -d 'Time between two checks in the start period; 5s where nobody says otherwise'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l health-start-period -x -d 'Time that it has to get going; failures in it do not count'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l health-timeout -x -d 'A check that takes longer has failed; 30s where nobody says otherwise'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l no-healthcheck -d 'Do not run the image\'s health check'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l shm-size -x -d 'Size of /dev/shm, as in 64m or 1g'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l sysctl -x -d 'Set a kernel parameter inside the container'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l ulimit -x -d 'Set a resource limit, as in nofile=1024:4096'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -l help -d 'Print this help and leave'
complete -c skiff -n '__skiff_is create; and __skiff_argument_is 0' -a '(skiff __complete images 2>/dev/null)'
complete -c skiff -n '__skiff_is create; and not __skiff_argument_is 0' -F

complete -c skiff -n '__skiff_is start' -l attach -s a -d 'Connect to the output and pass signals on; end with the exit code of the command'
complete -c skiff -n '__skiff_is start' -l detach-keys -x -d 'Keys that detach the terminal, separated by commas'
complete -c skiff -n '__skiff_is start' -l interactive -s i -d 'Connect to the output, and pass your input on as well'
complete -c skiff -n '__skiff_is start' -l help -d 'Print this help and leave'
complete -c skiff -n '__skiff_is start' -a '(skiff __complete containers 2>/dev/null)'

complete -c skiff -n '__skiff_is restart' -l signal -s s -x -a 'SIGTERM SIGINT SIGQUIT SIGKILL' -d 'Signal that stops it, instead of its own'
complete -c skiff -n '__skiff_is restart' -l timeout -s t -x -d 'How long it may take to end before it is killed; -1 for ever'
complete -c skiff -n '__skiff_is restart' -l help -d 'Print this help and leave'
complete -c skiff -n '__skiff_is restart' -a '(skiff __complete containers 2>/dev/null)'

complete -c skiff -n '__skiff_is exec; and __skiff_argument_is 0' -l detach -s d -d 'Run the command in the background'
complete -c skiff -n '__skiff_is exec; and __skiff_argument_is 0' -l detach-keys -x -d 'Keys that detach the terminal, separated by commas'
complete -c skiff -n '__skiff_is exec; and __skiff_argument_is 0' -l env -s e -x -d 'Set an environment variable; without a value, pass on your own'
complete -c skiff -n '__skiff_is exec; and __skiff_argument_is 0' -l env-file -r -F -d 'Read environment variables from a file'
complete -c skiff -n '__skiff_is exec; and __skiff_argument_is 0' -l interactive -s i -d 'Keep standard input open'
complete -c skiff -n '__skiff_is exec; and __skiff_argument_is 0' -l privileged -d 'All capabilities for the command; still no more than you may do yourself'
complete -c skiff -n '__skiff_is exec; and __skiff_argument_is 0' -l tty -s t -d 'Give the command a terminal'
complete -c skiff -n '__skiff_is exec; and __skiff_argument_is 0' -l user -s u -x -d 'Run as this user, by name or id'
complete -c skiff -n '__skiff_is exec; and __skiff_argument_is 0' -l workdir -s w -x -d 'Working directory inside the container'
complete -c skiff -n '__skiff_is exec; and __skiff_argument_is 0' -l help -d 'Print this help and leave'
complete -c skiff -n '__skiff_is exec; and __skiff_argument_is 0' -a '(skiff __complete containers 2>/dev/null)'
complete -c skiff -n '__skiff_is exec; and not __skiff_argument_is 0' -F

complete -c skiff -n '__skiff_is attach' -l detach-keys -x -d 'Keys that detach the terminal, separated by commas'
complete -c skiff -n '__skiff_is attach' -l no-stdin -d 'Only show output; leave standard input alone'
complete -c skiff -n '__skiff_is attach' -l sig-proxy -d 'Pass signals on to the command; with false they end only the attachment'
complete -c skiff -n '__skiff_is attach' -l help -d 'Print this help and leave'
complete -c skiff -n '__skiff_is attach; and __skiff_argument_is 0' -a '(skiff __complete containers 2>/dev/null)'

complete -c skiff -n '__skiff_is logs' -l details -d 'Show the attributes that --log-opt added, in front of each line'
complete -c skiff -n '__skiff_is logs' -l follow -s f -d 'Go on with what is printed from now on, until the container ends'
complete -c skiff -n '__skiff_is logs' -l since -x -d 'Only from this moment on: a date (2026-11-20T19:00:00Z), or how long ago (10m)'
complete -c skiff -n '__skiff_is logs' -l tail -s n -x -d 'Only the last so many lines'
complete -c skiff -n '__skiff_is logs' -l timestamps -s t -d 'Show the time of each line'
complete -c skiff -n '__skiff_is logs' -l until -x -d 'Only up to this moment, in the forms of --since'
complete -c skiff -n '__skiff_is logs' -l help -d 'Print this help and leave'
complete -c skiff -n '__skiff_is logs; and __skiff_argument_is 0' -a '(skiff __complete containers 2>/dev/null)'

complete -c skiff -n '__skiff_is ps' -l all -s a -d 'Show all containers, not only those that run'
complete -c skiff -n '__skiff_is ps' -l all-hosts -d 'Show the containers of other hosts that share the home directory too, in the state that was last written down there'
complete -c skiff -n '__skiff_is ps' -l filter -s f -x -a 'id= name= label= status= health= ancestor= exited= network= volume= expose= before= since=' -d 'Show only containers that match'
complete -c skiff -n '__skiff_is ps' -l format -x -a 'json table' -d 'Print with a Go template; \'table TEMPLATE\' adds column headings, \'json\' prints one JSON object per line'
complete -c skiff -n '__skiff_is ps' -l last -s n -x -d 'Show the N containers created last, in any state; -1 is no limit'
complete -c skiff -n '__skiff_is ps' -l latest -s l -d 'Show the container created last, in any state'
complete -c skiff -n '__skiff_is ps' -l no-trunc -d 'Do not shorten ids and long values'
complete -c skiff -n '__skiff_is ps' -l quiet -s q -d 'Print only ids'
complete -c skiff -n '__skiff_is ps' -l size -s s -d 'Count the bytes that each container takes on the disk'
complete -c skiff -n '__skiff_is ps' -l help -d 'Print this help and leave'

complete -c skiff -n '__skiff_is inspect' -l format -s f -x -a 'json' -d 'Print with a Go template; \'json\' prints the whole as JSON'
complete -c skiff -n '__skiff_is inspect' -l size -s s -d 'Count the bytes that a container takes on the disk'
complete -c skiff -n '__skiff_is inspect' -l type -x -a 'container image network volume' -d 'Look only among things of this type'
complete -c skiff -n '__skiff_is inspect' -l help -d 'Print this help and leave'
complete -c skiff -n '__skiff_is inspect' -a '(skiff __complete containers 2>/dev/null)'

complete -c skiff -n '__skiff_is container-inspect' -l format -s f -x -a 'json' -d 'Print with a Go template; \'json\' prints the whole as JSON'
complete -c skiff -n '__skiff_is container-inspect' -l size -s s -d 'Count the bytes that a container takes on the disk'
complete -c skiff -n '__skiff_is container-inspect' -l help -d 'Print this help and leave'
complete -c skiff -n '__skiff_is container-inspect' -a '(skiff __complete containers 2>/dev/null)'

complete -c skiff -n '__skiff_is top; and __skiff_argument_is 0' -l help -d 'Print this help and leave'
complete -c skiff -n '__skiff_is top; and __skiff_argument_is 0' -a '(skiff __complete containers 2>/dev/null)'
complete -c skiff -n '__skiff_is top; and not __skiff_argument_is 0' -F

complete -c skiff -n '__skiff_is stats' -l all -s a -d 'Show all containers, not only those that run'
complete -c skiff -n '__skiff_is stats' -l format -x -a 'json table' -d 'Print with a Go template; \'table TEMPLATE\' adds column headings, \'json\' prints one JSON object per line'
complete -c skiff -n '__skiff_is stats' -l no-stream -d 'Print once, after a second, and end'
complete -c skiff -n '__skiff_is stats' -l no-trunc -d 'Do not shorten ids and long values'
complete -c skiff -n '__skiff_is stats' -l help -d 'Print this help and leave'
complete -c skiff -n '__skiff_is stats' -a '(skiff __complete containers 2>/dev/null)'

complete -c skiff -n '__skiff_is port' -l help -d 'Print this help and leave'
complete -c skiff -n '__skiff_is port; and __skiff_argument_is 0' -a '(skiff __complete containers 2>/dev/null)'

complete -c skiff -n '__skiff_is events' -l filter -s f -x -a 'container= event= image= label= network= scope=local type=container type=image volume= event=attach event=create event=destroy event=die event=exec_create event=exec_die event=exec_start event=health_status event=kill event=oom event=pause event=pull event=push event=rename event=restart event=start event=stop event=tag event=unpause event=update' -d 'Show only events that match'
complete -c skiff -n '__skiff_is events' -l format -x -a 'json' -d 'Print each event with a Go template; \'json\' prints it as JSON'
complete -c skiff -n '__skiff_is events' -l since -x -d 'Begin with what happened at this moment: a date (2026-11-20T19:00:00Z), or how long ago (10m)'
complete -c skiff -n '__skiff_is events' -l until -x -d 'End at this moment, in the forms of --since'
complete -c skiff -n '__skiff_is events' -l help -d 'Print this help and leave'

complete -c skiff -n '__skiff_is stop' -l signal -s s -x -a 'SIGTERM SIGINT SIGQUIT SIGHUP SIGKILL' -d 'Send this signal instead of the container\'s stop signal'
complete -c skiff -n '__skiff_is stop' -l timeout -s t -x -d 'Kill it after so many seconds; -1 waits for ever. Without it, what --stop-timeout said, or 10'
complete -c skiff -n '__skiff_is stop' -l help -d 'Print this help and leave'
complete -c skiff -n '__skiff_is stop' -a '(skiff __complete containers 2>/dev/null)'

complete -c skiff -n '__skiff_is kill' -l signal -s s -x -a 'SIGKILL SIGTERM SIGINT SIGHUP SIGUSR1 SIGUSR2' -d 'Signal to send, by name or number'
complete -c skiff -n '__skiff_is kill' -l help -d 'Print this help and leave'
complete -c skiff -n '__skiff_is kill' -a '(skiff __complete containers 2>/dev/null)'

complete -c skiff -n '__skiff_is wait' -l help -d 'Print this help and leave'
complete -c skiff -n '__skiff_is wait' -a '(skiff __complete containers 2>/dev/null)'

complete -c skiff -n '__skiff_is pause' -l help -d 'Print this help and leave'
complete -c skiff -n '__skiff_is pause' -a '(skiff __complete containers 2>/dev/null)'

complete -c skiff -n '__skiff_is unpause' -l help -d 'Print this help and leave'
complete -c skiff -n '__skiff_is unpause' -a '(skiff __complete containers 2>/dev/null)'

complete -c skiff -n '__skiff_is update' -l blkio-weight -x -d 'Share of the disks against other containers, from 10 to 1000; 0 for none'
complete -c skiff -n '__skiff_is update' -l cpu-period -x -d 'Length of the periods that --cpu-quota is about; without it, 100000'
complete -c skiff -n '__skiff_is update' -l cpu-quota -x -d 'Time on processors in each period; -1 for no limit'
complete -c skiff -n '__skiff_is update' -l cpu-shares -s c -x -d 'Share of the processors against other containers when all want them; 1024 is usual'
complete -c skiff -n '__skiff_is update' -l cpus -x -d 'How many processors it may use, as in 1.5'
complete -c skiff -n '__skiff_is update' -l cpuset-cpus -x -d 'Use these processors only, as in 0-2,4'
complete -c skiff -n '__skiff_is update' -l cpuset-mems -x -d 'Use the memory of these nodes only, as in 0,1'
complete -c skiff -n '__skiff_is update' -l memory -s m -x -d 'Memory that it may use, as in 512m or 2g; at least 6m'
complete -c skiff -n '__skiff_is update' -l memory-reservation -x -d 'Memory that is taken from it last when the machine has too little'
complete -c skiff -n '__skiff_is update' -l memory-swap -x -d 'Memory and swap together; -1 for as much swap as there is. Without it, twice --memory'
complete -c skiff -n '__skiff_is update' -l pids-limit -x -d 'How many processes and threads it may have; -1 for no limit'
complete -c skiff -n '__skiff_is update' -l restart -x -a 'no on-failure always unless-stopped' -d 'When to run it again after it has ended: no, on-failure[:TIMES], always or unless-stopped'
complete -c skiff -n '__skiff_is update' -l help -d 'Print this help and leave'
complete -c skiff -n '__skiff_is update' -a '(skiff __complete containers 2>/dev/null)'

complete -c skiff -n '__skiff_is rename' -l help -d 'Print this help and leave'
complete -c skiff -n '__skiff_is rename; and __skiff_argument_is 0' -a '(skiff __complete containers 2>/dev/null)'

complete -c skiff -n '__skiff_is rm' -l force -s f -d 'Kill a container that runs before removing it'
complete -c skiff -n '__skiff_is rm' -l link -s l -d 'Remove a link, CONTAINER/ALIAS, and no container'
complete -c skiff -n '__skiff_is rm' -l volumes -s v -d 'Remove its anonymous volumes too, unless another container names them'
complete -c skiff -n '__skiff_is rm' -l help -d 'Print this help and leave'
complete -c skiff -n '__skiff_is rm' -a '(skiff __complete containers 2>/dev/null)'

complete -c skiff -n '__skiff_is container-prune' -l filter -x -a 'until= label= label!=' -d 'Remove only containers that match'
complete -c skiff -n '__skiff_is container-prune' -l force -s f -d 'Do not ask'
complete -c skiff -n '__skiff_is container-prune' -l help -d 'Print this help and leave'

complete -c skiff -n '__skiff_is export' -l output -s o -r -F -d 'Write to this file instead of standard output'
complete -c skiff -n '__skiff_is export' -l help -d 'Print this help and leave'
complete -c skiff -n '__skiff_is export; and __skiff_argument_is 0' -a '(skiff __complete containers 2>/dev/null)'

complete -c skiff -n '__skiff_is diff' -l help -d 'Print this help and leave'
complete -c skiff -n '__skiff_is diff; and __skiff_argument_is 0' -a '(skiff __complete containers 2>/dev/null)'

complete -c skiff -n '__skiff_is cp' -l archive -s a -d 'Keep the numbers of user and group of what goes into the container'
complete -c skiff -n '__skiff_is cp' -l follow-link -s L -d 'Copy what a symbolic link points to instead of the link'
complete -c skiff -n '__skiff_is cp' -l quiet -s q -d 'Say nothing when it is done'
complete -c skiff -n '__skiff_is cp' -l help -d 'Print this help and leave'
complete -c skiff -n '__skiff_is cp' -a '(skiff __complete containers 2>/dev/null)'

complete -c skiff -n '__skiff_is commit' -l author -s a -x -d 'Author in the image\'s history'
complete -c skiff -n '__skiff_is commit' -l change -s c -x -d 'Apply a Dockerfile instruction to the image\'s settings, as in \'CMD ["sh"]\''
complete -c skiff -n '__skiff_is commit' -l message -s m -x -d 'Comment in the image\'s history'
complete -c skiff -n '__skiff_is commit' -l pause -s p -d 'Let a running container stand still meanwhile'
complete -c skiff -n '__skiff_is commit' -l no-pause -d 'Do not; the same as --pause=false'
complete -c skiff -n '__skiff_is commit' -l help -d 'Print this help and leave'
complete -c skiff -n '__skiff_is commit; and __skiff_argument_is 0' -a '(skiff __complete containers 2>/dev/null)'

complete -c skiff -n '__skiff_is build' -l file -s f -r -F -d 'The Dockerfile; without it PATH/Dockerfile, with \'-\' standard input'
complete -c skiff -n '__skiff_is build' -l build-context -x -d 'Files for COPY --from=NAME and FROM NAME: a directory, or docker-image://IMAGE'
complete -c skiff -n '__skiff_is build' -l target -x -d 'Build this stage'
complete -c skiff -n '__skiff_is build' -l build-arg -x -d 'Value of an ARG; without one, that of the environment\'s variable'
complete -c skiff -n '__skiff_is build' -l pull -d 'Fetch the images of FROM though they are there'
complete -c skiff -n '__skiff_is build' -l check -d 'Build nothing; tell what should be otherwise in the Dockerfile'
complete -c skiff -n '__skiff_is build' -l platform -x -a 'linux/amd64 linux/arm64 linux/arm/v7' -d 'Use the image of this platform, where it has several'
complete -c skiff -n '__skiff_is build' -l progress -x -a 'auto plain tty quiet rawjson' -d 'Form of progress'
complete -c skiff -n '__skiff_is build' -l quiet -s q -d 'Show nothing but the image\'s id'
complete -c skiff -n '__skiff_is build' -l tag -s t -x -d 'Name of the image'
complete -c skiff -n '__skiff_is build' -l label -x -d 'Label of the image'
complete -c skiff -n '__skiff_is build' -l iidfile -r -F -d 'Write the image\'s id to this file'
complete -c skiff -n '__skiff_is build' -l metadata-file -r -F -d 'Write what was made to this file, as JSON'
complete -c skiff -n '__skiff_is build' -l load -d 'Put the image into the store, which is done in any case'
complete -c skiff -n '__skiff_is build' -l output -s o -x -d 'Result: type local or tar for files, docker or oci for an archive, image or registry'
complete -c skiff -n '__skiff_is build' -l push -d 'Send the image to the registry of each name'
complete -c skiff -n '__skiff_is build' -l provenance -x -a 'false' -d 'Attest where the image comes from: there is nothing but false'
complete -c skiff -n '__skiff_is build' -l sbom -x -a 'false' -d 'Attest what the image consists of: there is nothing but false'
complete -c skiff -n '__skiff_is build' -l no-cache -d 'Do all steps anew'
complete -c skiff -n '__skiff_is build' -l cache-from -x -d 'Find steps in this directory too'
complete -c skiff -n '__skiff_is build' -l cache-to -x -d 'Write the steps of the result to this directory, or all of them'
complete -c skiff -n '__skiff_is build' -l no-cache-filter -x -d 'Do the steps of this stage anew'
complete -c skiff -n '__skiff_is build' -l network -x -a 'default none host' -d 'Network of RUN: default, none or host'
complete -c skiff -n '__skiff_is build' -l allow -x -d 'Let a RUN ask for network.host or security.insecure'
complete -c skiff -n '__skiff_is build' -l secret -x -d 'A secret for RUN --mount=type=secret'
complete -c skiff -n '__skiff_is build' -l ssh -x -d 'An SSH agent for RUN --mount=type=ssh: yours, that at a socket, or one with these keys'
complete -c skiff -n '__skiff_is build' -l add-host -x -d 'Add a line to RUN\'s /etc/hosts'
complete -c skiff -n '__skiff_is build' -l rm -d 'Keep nothing of the containers of RUN, which is so in any case'
complete -c skiff -n '__skiff_is build' -l force-rm -d 'The same when a step fails'
complete -c skiff -n '__skiff_is build' -l security-opt -x -d 'Confinement of RUN, as for run'
complete -c skiff -n '__skiff_is build' -l shm-size -x -d 'Size of /dev/shm, as in 64m'
complete -c skiff -n '__skiff_is build' -l ulimit -x -d 'A limit of processes, as in nofile=1024'
complete -c skiff -n '__skiff_is build' -l memory -s m -x -d 'Memory'
complete -c skiff -n '__skiff_is build' -l memory-swap -x -d 'Memory and swap together'
complete -c skiff -n '__skiff_is build' -l cpu-shares -s c -x -d 'Weight among others'
complete -c skiff -n '__skiff_is build' -l cpu-period -x -d 'Period of the quota'
complete -c skiff -n '__skiff_is build' -l cpu-quota -x -d 'Processor time in each period'
complete -c skiff -n '__skiff_is build' -l cpuset-cpus -x -d 'Processors, as in 0-3,5'
complete -c skiff -n '__skiff_is build' -l cpuset-mems -x -d 'Memory nodes'
complete -c skiff -n '__skiff_is build' -l cgroup-parent -x -d 'Cgroup above those of RUN'
complete -c skiff -n '__skiff_is build' -l help -d 'Print this help and leave'

complete -c skiff -n '__skiff_is builder-prune' -l all -s a -d 'Steps of images that are there too, and the caches of RUN --mount=type=cache'
complete -c skiff -n '__skiff_is builder-prune' -l filter -x -a 'until=' -d 'Only what is older than that'
complete -c skiff -n '__skiff_is builder-prune' -l force -s f -d 'Do not ask'
complete -c skiff -n '__skiff_is builder-prune' -l keep-storage -x -d 'Keep the newest steps up to this size'
complete -c skiff -n '__skiff_is builder-prune' -l help -d 'Print this help and leave'

complete -c skiff -n '__skiff_is buildx-du' -l format -x -d 'A Go template, table or json'
complete -c skiff -n '__skiff_is buildx-du' -l help -d 'Print this help and leave'

complete -c skiff -n '__skiff_is images' -l all -s a -d 'Show untagged intermediate images too'
complete -c skiff -n '__skiff_is images' -l digests -d 'Show digests'
complete -c skiff -n '__skiff_is images' -l filter -s f -x -a 'reference= dangling=true label= before= since= until=' -d 'Show only images that match'
complete -c skiff -n '__skiff_is images' -l format -x -a 'json table' -d 'Print with a Go template; \'table TEMPLATE\' adds column headings, \'json\' prints one JSON object per line'
complete -c skiff -n '__skiff_is images' -l no-trunc -d 'Do not shorten ids and long values'
complete -c skiff -n '__skiff_is images' -l quiet -s q -d 'Print only ids'
complete -c skiff -n '__skiff_is images' -l help -d 'Print this help and leave'
complete -c skiff -n '__skiff_is images; and __skiff_argument_is 0' -a '(skiff __complete images 2>/dev/null)'

complete -c skiff -n '__skiff_is pull' -l all-tags -s a -d 'Download every tag of the repository'
complete -c skiff -n '__skiff_is pull' -l disable-content-trust -d 'Do not ask for signatures; false is refused'
complete -c skiff -n '__skiff_is pull' -l platform -x -a 'linux/amd64 linux/arm64 linux/arm/v7' -d 'Use the image of this platform, where it has several'
complete -c skiff -n '__skiff_is pull' -l quiet -s q -d 'Print only the full name'
complete -c skiff -n '__skiff_is pull' -l help -d 'Print this help and leave'
complete -c skiff -n '__skiff_is pull; and __skiff_argument_is 0' -a '(skiff __complete images 2>/dev/null)'

complete -c skiff -n '__skiff_is push' -l all-tags -s a -d 'Upload every tag of the repository that is stored'
complete -c skiff -n '__skiff_is push' -l disable-content-trust -d 'Do not ask for signatures; false is refused'
complete -c skiff -n '__skiff_is push' -l platform -x -a 'linux/amd64 linux/arm64 linux/arm/v7' -d 'Upload only if the image is of this platform'
complete -c skiff -n '__skiff_is push' -l quiet -s q -d 'Print only the full name'
complete -c skiff -n '__skiff_is push' -l help -d 'Print this help and leave'
complete -c skiff -n '__skiff_is push; and __skiff_argument_is 0' -a '(skiff __complete images 2>/dev/null)'

complete -c skiff -n '__skiff_is load' -l input -s i -r -F -d 'Read from this file instead of standard input'
complete -c skiff -n '__skiff_is load' -l platform -x -a 'linux/amd64 linux/arm64 linux/arm/v7' -d 'Use the image of this platform, where it has several'
complete -c skiff -n '__skiff_is load' -l quiet -s q -d 'Do not show progress'
complete -c skiff -n '__skiff_is load' -l help -d 'Print this help and leave'

complete -c skiff -n '__skiff_is import' -l change -s c -x -d 'Apply a Dockerfile instruction to the image\'s settings, as in \'CMD ["sh"]\''
complete -c skiff -n '__skiff_is import' -l message -s m -x -d 'Comment in the image\'s history'
complete -c skiff -n '__skiff_is import' -l platform -x -a 'linux/amd64 linux/arm64 linux/arm/v7' -d 'Say that the image is for this platform; without it, for this machine'
complete -c skiff -n '__skiff_is import' -l help -d 'Print this help and leave'
complete -c skiff -n '__skiff_is import; and __skiff_argument_is 0' -F

complete -c skiff -n '__skiff_is save' -l output -s o -r -F -d 'Write to this file instead of standard output'
complete -c skiff -n '__skiff_is save' -l platform -x -a 'linux/amd64 linux/arm64 linux/arm/v7' -d 'Refuse images of another platform'
complete -c skiff -n '__skiff_is save' -l help -d 'Print this help and leave'
complete -c skiff -n '__skiff_is save' -a '(skiff __complete images 2>/dev/null)'

complete -c skiff -n '__skiff_is history' -l format -x -a 'json table' -d 'Print with a Go template; \'table TEMPLATE\' adds column headings, \'json\' prints one JSON object per line'
complete -c skiff -n '__skiff_is history' -l human -s H -d 'Print sizes and dates for people; with false, bytes and dates in full'
complete -c skiff -n '__skiff_is history' -l no-trunc -d 'Do not shorten ids and long values'
complete -c skiff -n '__skiff_is history' -l platform -x -a 'linux/amd64 linux/arm64 linux/arm/v7' -d 'Refuse an image of another platform'
complete -c skiff -n '__skiff_is history' -l quiet -s q -d 'Print only ids'
complete -c skiff -n '__skiff_is history' -l help -d 'Print this help and leave'
complete -c skiff -n '__skiff_is history; and __skiff_argument_is 0' -a '(skiff __complete images 2>/dev/null)'

complete -c skiff -n '__skiff_is image-inspect' -l format -s f -x -a 'json' -d 'Print with a Go template; \'json\' prints the whole as JSON'
complete -c skiff -n '__skiff_is image-inspect' -l platform -x -a 'linux/amd64 linux/arm64 linux/arm/v7' -d 'Refuse images of another platform'
complete -c skiff -n '__skiff_is image-inspect' -l help -d 'Print this help and leave'
complete -c skiff -n '__skiff_is image-inspect' -a '(skiff __complete images 2>/dev/null)'

complete -c skiff -n '__skiff_is manifest-inspect' -l insecure -d 'Accept plain HTTP and unknown certificates from this registry'
complete -c skiff -n '__skiff_is manifest-inspect' -l verbose -s v -d 'Show digests and platforms too, and every manifest of an index'
complete -c skiff -n '__skiff_is manifest-inspect' -l help -d 'Print this help and leave'
complete -c skiff -n '__skiff_is manifest-inspect; and __skiff_argument_is 0' -a '(skiff __complete images 2>/dev/null)'

complete -c skiff -n '__skiff_is tag' -l help -d 'Print this help and leave'
complete -c skiff -n '__skiff_is tag; and __skiff_argument_is 0' -a '(skiff __complete images 2>/dev/null)'

complete -c skiff -n '__skiff_is rmi' -l force -s f -d 'Remove an image that has several names, or that a stopped container was made from'
complete -c skiff -n '__skiff_is rmi' -l no-prune -d 'Keep untagged parents; images have none here, so nothing changes'
complete -c skiff -n '__skiff_is rmi' -l platform -x -a 'linux/amd64 linux/arm64 linux/arm/v7' -d 'Remove only an image of this platform'
complete -c skiff -n '__skiff_is rmi' -l help -d 'Print this help and leave'
complete -c skiff -n '__skiff_is rmi' -a '(skiff __complete images 2>/dev/null)'

complete -c skiff -n '__skiff_is image-prune' -l all -s a -d 'Remove every image that no container was made from, not only those without a name'
complete -c skiff -n '__skiff_is image-prune' -l filter -x -a 'until= label= label!=' -d 'Remove only images that match'
complete -c skiff -n '__skiff_is image-prune' -l force -s f -d 'Do not ask'
complete -c skiff -n '__skiff_is image-prune' -l help -d 'Print this help and leave'

complete -c skiff -n '__skiff_is network-create' -l attachable -d 'Note that containers may be attached by hand, as they always may'
complete -c skiff -n '__skiff_is network-create' -l config-from -x -a '(skiff __complete networks 2>/dev/null)' -d 'Take addresses, options and labels from this config-only network'
complete -c skiff -n '__skiff_is network-create' -l config-only -d 'Make only a set of options for --config-from'
complete -c skiff -n '__skiff_is network-create' -l driver -s d -x -a 'bridge macvlan ipvlan' -d 'Driver of the network'
complete -c skiff -n '__skiff_is network-create' -l internal -d 'Let nothing in or out'
complete -c skiff -n '__skiff_is network-create' -l label -x -d 'Set a label'
complete -c skiff -n '__skiff_is network-create' -l opt -s o -x -a 'com.docker.network.driver.mtu= com.docker.network.bridge.name= parent= macvlan_mode= ipvlan_mode=' -d 'Set an option of the driver'
complete -c skiff -n '__skiff_is network-create' -l scope -x -a 'local' -d 'Where the network is known'
complete -c skiff -n '__skiff_is network-create' -l aux-address -x -d 'Give this address to no container'
complete -c skiff -n '__skiff_is network-create' -l gateway -x -d 'The network\'s own address, which containers reach the world by'
complete -c skiff -n '__skiff_is network-create' -l ip-range -x -d 'Give containers addresses from this part of the subnet'
complete -c skiff -n '__skiff_is network-create' -l ipam-driver -x -a 'default' -d 'Who gives addresses away'
complete -c skiff -n '__skiff_is network-create' -l ipv4 -d 'Give containers IPv4 addresses'
complete -c skiff -n '__skiff_is network-create' -l ipv6 -d 'Give containers IPv6 addresses, of a range of your own where no --subnet names one'
complete -c skiff -n '__skiff_is network-create' -l subnet -x -d 'The network\'s addresses; one IPv4 and one IPv6 range'
complete -c skiff -n '__skiff_is network-create' -l help -d 'Print this help and leave'

complete -c skiff -n '__skiff_is network-ls' -l filter -s f -x -a 'dangling= driver= id= label= name= scope= type=' -d 'Show only networks that match'
complete -c skiff -n '__skiff_is network-ls' -l format -x -a 'json table' -d 'Print with a Go template; \'table TEMPLATE\' adds column headings, \'json\' prints one JSON object per line'
complete -c skiff -n '__skiff_is network-ls' -l no-trunc -d 'Do not shorten ids and long values'
complete -c skiff -n '__skiff_is network-ls' -l quiet -s q -d 'Print only ids'
complete -c skiff -n '__skiff_is network-ls' -l help -d 'Print this help and leave'

complete -c skiff -n '__skiff_is network-inspect' -l format -s f -x -a 'json' -d 'Print with a Go template; \'json\' prints the whole as JSON'
complete -c skiff -n '__skiff_is network-inspect' -l verbose -s v -d 'Show a swarm\'s services too, of which there are none'
complete -c skiff -n '__skiff_is network-inspect' -l help -d 'Print this help and leave'
complete -c skiff -n '__skiff_is network-inspect' -a '(skiff __complete networks 2>/dev/null)'

complete -c skiff -n '__skiff_is network-connect' -l alias -x -d 'Another name of the container in this network'
complete -c skiff -n '__skiff_is network-connect' -l driver-opt -x -a 'com.docker.network.endpoint.ifname=' -d 'Set an option of the driver for this container'
complete -c skiff -n '__skiff_is network-connect' -l gw-priority -x -d 'Of several networks, the one with the highest number leads to the world'
complete -c skiff -n '__skiff_is network-connect' -l ip -x -d 'IPv4 address, in a network whose subnet was chosen'
complete -c skiff -n '__skiff_is network-connect' -l ip6 -x -d 'IPv6 address'
complete -c skiff -n '__skiff_is network-connect' -l link -x -d 'Another name of another container, for this one only'
complete -c skiff -n '__skiff_is network-connect' -l link-local-ip -x -d 'Link-local address besides'
complete -c skiff -n '__skiff_is network-connect' -l help -d 'Print this help and leave'
complete -c skiff -n '__skiff_is network-connect; and __skiff_argument_is 0' -a '(skiff __complete networks 2>/dev/null)'

complete -c skiff -n '__skiff_is network-disconnect' -l force -s f -d 'Give back what a container that is gone has left in the network'
complete -c skiff -n '__skiff_is network-disconnect' -l help -d 'Print this help and leave'
complete -c skiff -n '__skiff_is network-disconnect; and __skiff_argument_is 0' -a '(skiff __complete networks 2>/dev/null)'

complete -c skiff -n '__skiff_is network-rm' -l force -s f -d 'Take a network that is not there for removed'
complete -c skiff -n '__skiff_is network-rm' -l help -d 'Print this help and leave'
complete -c skiff -n '__skiff_is network-rm' -a '(skiff __complete networks 2>/dev/null)'

complete -c skiff -n '__skiff_is network-prune' -l filter -x -a 'until= label= label!=' -d 'Remove only networks that match'
complete -c skiff -n '__skiff_is network-prune' -l force -s f -d 'Do not ask'
complete -c skiff -n '__skiff_is network-prune' -l help -d 'Print this help and leave'

complete -c skiff -n '__skiff_is volume-create' -l driver -s d -x -a 'local fuse' -d 'Driver of the volume: local, fuse, or a plugin'
complete -c skiff -n '__skiff_is volume-create' -l label -x -d 'Set a label'
complete -c skiff -n '__skiff_is volume-create' -l name -x -d 'Name of the volume, as the argument says it'
complete -c skiff -n '__skiff_is volume-create' -l opt -s o -x -a 'type=tmpfs device= o=size= type=none o=bind program=sshfs' -d 'Set an option of the driver: type, device and o, as for mount(8); program, device and o for fuse'
complete -c skiff -n '__skiff_is volume-create' -l help -d 'Print this help and leave'

complete -c skiff -n '__skiff_is volume-ls' -l cluster -d 'Show only a swarm\'s volumes, of which there are none'
complete -c skiff -n '__skiff_is volume-ls' -l filter -s f -x -a 'dangling= driver= label= name=' -d 'Show only volumes that match'
complete -c skiff -n '__skiff_is volume-ls' -l format -x -a 'json table' -d 'Print with a Go template; \'table TEMPLATE\' adds column headings, \'json\' prints one JSON object per line'
complete -c skiff -n '__skiff_is volume-ls' -l quiet -s q -d 'Print only names'
complete -c skiff -n '__skiff_is volume-ls' -l help -d 'Print this help and leave'

complete -c skiff -n '__skiff_is volume-inspect' -l format -s f -x -a 'json' -d 'Print with a Go template; \'json\' prints the whole as JSON'
complete -c skiff -n '__skiff_is volume-inspect' -l help -d 'Print this help and leave'
complete -c skiff -n '__skiff_is volume-inspect' -a '(skiff __complete volumes 2>/dev/null)'

complete -c skiff -n '__skiff_is volume-rm' -l force -s f -d 'Take a volume that is not there for removed'
complete -c skiff -n '__skiff_is volume-rm' -l help -d 'Print this help and leave'
complete -c skiff -n '__skiff_is volume-rm' -a '(skiff __complete volumes 2>/dev/null)'

complete -c skiff -n '__skiff_is volume-prune' -l all -s a -d 'Remove volumes with a name too'
complete -c skiff -n '__skiff_is volume-prune' -l filter -x -a 'label= label!= all=' -d 'Remove only volumes that match'
complete -c skiff -n '__skiff_is volume-prune' -l force -s f -d 'Do not ask'
complete -c skiff -n '__skiff_is volume-prune' -l help -d 'Print this help and leave'

complete -c skiff -n '__skiff_is volume-update' -l help -d 'Print this help and leave'
complete -c skiff -n '__skiff_is volume-update; and __skiff_argument_is 0' -a '(skiff __complete volumes 2>/dev/null)'

complete -c skiff -n '__skiff_is volume-export' -l output -s o -r -F -d 'Write to this file instead of standard output'
complete -c skiff -n '__skiff_is volume-export' -l help -d 'Print this help and leave'
complete -c skiff -n '__skiff_is volume-export; and __skiff_argument_is 0' -a '(skiff __complete volumes 2>/dev/null)'

complete -c skiff -n '__skiff_is volume-import' -l help -d 'Print this help and leave'
complete -c skiff -n '__skiff_is volume-import; and __skiff_argument_is 0' -a '(skiff __complete volumes 2>/dev/null)'

complete -c skiff -n '__skiff_is volume-clone' -l help -d 'Print this help and leave'
complete -c skiff -n '__skiff_is volume-clone; and __skiff_argument_is 0' -a '(skiff __complete volumes 2>/dev/null)'

complete -c skiff -n '__skiff_is login' -l username -s u -x -d 'User name; asked for without it'
complete -c skiff -n '__skiff_is login' -l password -s p -x -d 'Password, for all to see who can list processes; better is --password-stdin'
complete -c skiff -n '__skiff_is login' -l password-stdin -d 'Read the password from standard input'
complete -c skiff -n '__skiff_is login' -l help -d 'Print this help and leave'

complete -c skiff -n '__skiff_is logout' -l help -d 'Print this help and leave'

complete -c skiff -n '__skiff_is search' -l filter -s f -x -a 'is-official=true is-automated=false stars=' -d 'Show only images that match (Docker Hub)'
complete -c skiff -n '__skiff_is search' -l format -x -a 'json table' -d 'Print with a Go template; \'table TEMPLATE\' adds column headings, \'json\' prints one JSON object per line'
complete -c skiff -n '__skiff_is search' -l limit -x -d 'Show at most this many, 1 to 100'
complete -c skiff -n '__skiff_is search' -l no-trunc -d 'Do not shorten descriptions'
complete -c skiff -n '__skiff_is search' -l help -d 'Print this help and leave'

complete -c skiff -n '__skiff_is info' -l format -s f -x -a 'json' -d 'Print with a Go template; \'json\' prints the whole as JSON'
complete -c skiff -n '__skiff_is info' -l help -d 'Print this help and leave'

complete -c skiff -n '__skiff_is doctor' -l format -x -a 'json table' -d 'Print with a Go template; \'table TEMPLATE\' adds column headings, \'json\' prints one JSON object per line'
complete -c skiff -n '__skiff_is doctor' -l repair -d 'Remove what killed commands and containers have left'
complete -c skiff -n '__skiff_is doctor' -l help -d 'Print this help and leave'

complete -c skiff -n '__skiff_is system-df' -l format -x -a 'json table' -d 'Print with a Go template; \'table TEMPLATE\' adds column headings, \'json\' prints JSON'
complete -c skiff -n '__skiff_is system-df' -l verbose -s v -d 'List each image, container and volume'
complete -c skiff -n '__skiff_is system-df' -l help -d 'Print this help and leave'

complete -c skiff -n '__skiff_is system-prune' -l all -s a -d 'Remove every image that no container was made from, not only those without a name'
complete -c skiff -n '__skiff_is system-prune' -l filter -x -a 'until= label= label!=' -d 'Remove only what matches'
complete -c skiff -n '__skiff_is system-prune' -l force -s f -d 'Do not ask'
complete -c skiff -n '__skiff_is system-prune' -l volumes -d 'Remove anonymous volumes that no container names, too'
complete -c skiff -n '__skiff_is system-prune' -l help -d 'Print this help and leave'

complete -c skiff -n '__skiff_is system-install' -l systemd -d 'With a unit of your own systemd; fails where none runs for you'
complete -c skiff -n '__skiff_is system-install' -l cron -d 'With a line in your crontab'
complete -c skiff -n '__skiff_is system-install' -l help -d 'Print this help and leave'

complete -c skiff -n '__skiff_is system-uninstall' -l help -d 'Print this help and leave'

complete -c skiff -n '__skiff_is system-boot' -l help -d 'Print this help and leave'

complete -c skiff -n '__skiff_is system-shutdown' -l help -d 'Print this help and leave'

complete -c skiff -n '__skiff_is version' -l format -s f -x -a 'json' -d 'Print with a Go template; \'json\' prints the whole as JSON'
complete -c skiff -n '__skiff_is version' -l help -d 'Print this help and leave'

complete -c skiff -n '__skiff_is completion' -l help -d 'Print this help and leave'
complete -c skiff -n '__skiff_is completion; and __skiff_argument_is 0' -a 'bash zsh fish'
