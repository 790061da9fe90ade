/* state.json: the members that all containers have, those that few have, and texts that are not harmless. */
#include "state.h"
#include "check.h"
#include "util.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *written(int directory, const struct state *state)
{
    check(state_write(directory, state) == 0);
    return read_file(directory, "state.json", 65536, NULL);
}

static void test_plain(int directory)
{
    struct state state = { .status = "created", .started_at = "a", .finished_at = "b" };
    autofree char *text = written(directory, &state);
    check_text(text, "{\"version\":1,\"status\":\"created\",\"pid\":0,\"pidStart\":\"0\",\"monitorPid\":0,\"monitorStart\":\"0\","
                     "\"exitCode\":0,\"paused\":false,\"startedAt\":\"a\",\"finishedAt\":\"b\"}\n");
}

static void test_full(int directory)
{
    struct state state = { .status = "running", .boot = "1-2", .durable = true, .pid = 1, .pid_start = 2, .monitor = 3, .monitor_start = 4, .exit_code = 5, .paused = true, .kept = true, .restarting = true,
                           .stopped_by_user = true, .oom_killed = true, .restarts = 6, .health = "healthy", .cgroup = "/a \"b\"", .error = "no\nsuch\x01",
                           .ports = "tcp 0.0.0.0 80 80 8080\nudp :: 9 10 9\n" };
    autofree char *text = written(directory, &state);
    check_text(text, "{\"version\":1,\"status\":\"running\",\"pid\":1,\"pidStart\":\"2\",\"monitorPid\":3,\"monitorStart\":\"4\","
                     "\"exitCode\":5,\"paused\":true,\"startedAt\":\"\",\"finishedAt\":\"\",\"kept\":true,\"restarting\":true,\"stoppedByUser\":true,\"oomKilled\":true,"
                     "\"restartCount\":6,\"health\":\"healthy\",\"cgroup\":\"/a \\\"b\\\"\",\"error\":\"no\\nsuch\\u0001\",\"boot\":\"1-2\",\"ports\":[\"tcp 0.0.0.0 80 80 8080\",\"udp :: 9 10 9\"]}\n");
}

int main(void)
{
    char path[] = "/tmp/state-test-XXXXXX";
    check(mkdtemp(path) != NULL);
    autoclose int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    test_plain(directory);
    test_full(directory);
    unlinkat(directory, "state.json", 0);
    check(unlinkat(directory, "state.json.new", 0) < 0);
    rmdir(path);
    return 0;
}
