/* Leases in directories, as they come and go; names, and whose they are. */
#include "check.h"
#include "dns-answer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char top[] = "/tmp/skiff-dns-names-XXXXXX";

static void lease(const char *network, const char *address, const char *names)
{
    char path[256], temporary[256];
    snprintf(path, sizeof path, "%s/%s", top, network);
    mkdir(path, 0755);
    snprintf(temporary, sizeof temporary, "%s/.new", top);
    snprintf(path, sizeof path, "%s/%s/%s", top, network, address);
    FILE *file = fopen(temporary, "w");
    check(file && fprintf(file, "container 0123\nendpoint 4567\nmac 02:42:ac:12:00:02\naddress %s/16\n%s", address, names) > 0 && fclose(file) == 0);
    unlink(path);
    check(link(temporary, path) == 0 && unlink(temporary) == 0);
}

static void end(const char *network, const char *address)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s/%s", top, network, address);
    check(unlink(path) == 0);
}

static struct dns_names names;

/* "NETWORK ADDRESS ADDRESS…" in the order of the addresses, "nobody", or "without address". */
static const char *find(const char *name, bool ipv4, bool ipv6)
{
    static char text[512];
    const struct dns_scope *scope = NULL;
    uint32_t *leases = NULL;
    size_t count = 0;
    dns_names_refresh(&names);
    enum dns_found found = dns_names_find(&names, name, ipv4, ipv6, &scope, &leases, &count);
    if (found != DNS_FOUND)
        return found == DNS_NOBODY ? "nobody" : "without address";
    int length = snprintf(text, sizeof text, "%s", scope->network);
    for (int last = 0; last < 256; last++)
        for (size_t i = 0; i < count; i++) {
            const struct dns_lease *lease = &scope->leases[leases[i]];
            if (lease->address[lease->is_ipv6 ? 15 : 3] == last)
                length += snprintf(text + length, sizeof text - (size_t)length, lease->is_ipv6 ? " v6:%d" : " %d", last);
        }
    free(leases);
    return text;
}

static void open_scope(struct dns_scope *scope, const char *network)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", top, network);
    check(dns_scope_open(scope, path, network) == 0);
}

static void test_scopes(void)
{
    check_text(find("redis", true, false), "front 2");
    check_text(find("db", true, false), "front 2");          /* the first network that has it */
    check_text(find("db.front", true, false), "front 2");
    check_text(find("db.back.end", true, false), "back.end 2 3");
    check_text(find("my.name", true, false), "back.end 3");
    check_text(find("my.name.back.end", true, false), "back.end 3");
    check_text(find("only", true, false), "back.end 2");
    check_text(find("redi", true, false), "nobody");
    check_text(find("rediss", true, false), "nobody");
    check_text(find("", true, false), "nobody");
    check_text(find("redis.", true, false), "nobody");
    check_text(find(".front", true, false), "nobody");
    check_text(find("redis.back.end", true, false), "nobody");
    check_text(find("redis.example", true, false), "nobody");
    check_text(find("redis", false, true), "without address");
    check_text(find("six", false, true), "front v6:9");
    check_text(find("six", true, false), "without address");
    check_text(find("redis", false, false), "without address");
}

static void test_links(void)
{
    static struct dns_link links[] = { { "Store", "only" }, { "gone", "nobody" }, { "redis", "only" } };
    names.links = links;
    names.link_count = 3;
    check_text(find("store", true, false), "back.end 2");
    check_text(find("store", false, true), "without address");
    check_text(find("store.back.end", true, false), "back.end 2");
    check_text(find("store.front", true, false), "nobody");
    check_text(find("redis", true, false), "back.end 2");     /* before the name of somebody */
    check_text(find("gone", true, false), "nobody");
    names.link_count = 0;
}

/* However often within a tick of the clock. */
static void test_changes(void)
{
    for (int i = 0; i < 300; i++) {
        char name[32], line[64];
        snprintf(name, sizeof name, "new%d", i);
        snprintf(line, sizeof line, "name %s\n", name);
        check_text(find(name, true, false), "nobody");
        lease("front", "172.18.0.7", line);
        check_text(find(name, true, false), "front 7");
        end("front", "172.18.0.7");
        check_text(find(name, true, false), "nobody");
    }
}

/* What has settled is not read again: whoever changes a file in place is not seen, which is how one sees it. */
static void test_memory(void)
{
    struct timespec pause = { .tv_nsec = 50000000 };
    char path[256];
    nanosleep(&pause, NULL);
    check_text(find("redis", true, false), "front 2");
    snprintf(path, sizeof path, "%s/front/172.18.0.2", top);
    check(truncate(path, 0) == 0);
    check_text(find("redis", true, false), "front 2");
    lease("front", "172.18.0.2", "name redis\nname DB\n");
    check_text(find("redis", true, false), "front 2");
}

static void test_reverse(void)
{
    uint8_t address[16];
    bool is_ipv6;
    char text[64];
    check(dns_reverse("2.0.18.172.in-addr.arpa", address, &is_ipv6) && !is_ipv6 && memcmp(address, "\254\22\0\2", 4) == 0);
    check(dns_names_of(&names, address, false, text, sizeof text));
    check_text(text, "redis.front");
    check(!dns_names_of(&names, address, false, text, 5));
    check(dns_reverse("9.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa", address, &is_ipv6) && is_ipv6);
    check(dns_names_of(&names, address, true, text, sizeof text));
    check_text(text, "six.front");
    static const char *wrong[] = { "", "in-addr.arpa", "0.18.172.in-addr.arpa", "1.2.0.18.172.in-addr.arpa", "256.0.18.172.in-addr.arpa", "2..18.172.in-addr.arpa",
                                   "0002.0.18.172.in-addr.arpa", "2.0.18.172.in-addr.arpa.x", "x.0.0.ip6.arpa", "2.0.18.172.ip6.arpa", "2.0.18.172." };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        check(!dns_reverse(wrong[i], address, &is_ipv6));
}

static void test_lease_text(void)
{
    char out[64];
    static const char text[] = "name \nname A\nname b c\nnames d\nname e";
    check(dns_lease_names(text, sizeof text - 1, out) == 9 && memcmp(out, "a\0b c\0e\0\0", 9) == 0);
    check(dns_lease_names("name a\0b\n", 9, out) == 1);
    check(dns_lease_names("", 0, out) == 1 && out[0] == 0);
}

int main(void)
{
    static struct dns_scope scopes[2];
    check(mkdtemp(top));
    lease("front", "172.18.0.2", "name Redis\nname db\nname 0123456789ab\n");
    lease("front", "fd00::9", "name six\n");
    lease("front", "stray", "name stray\n");
    lease("back.end", "172.19.0.2", "name only\nname db\n");
    lease("back.end", "172.19.0.3", "name my.name\nname db\n");
    open_scope(&scopes[0], "front");
    open_scope(&scopes[1], "back.end");
    names = (struct dns_names){ .scopes = scopes, .scope_count = 2 };
    test_scopes();
    test_links();
    test_changes();
    test_memory();
    test_reverse();
    test_lease_text();
    dns_scope_close(&scopes[0]);
    dns_scope_close(&scopes[1]);
    end("front", "172.18.0.2"), end("front", "fd00::9"), end("front", "stray"), end("back.end", "172.19.0.2"), end("back.end", "172.19.0.3");
    check(chdir(top) == 0 && rmdir("front") == 0 && rmdir("back.end") == 0 && rmdir(top) == 0);
    return 0;
}
