/* user_resolve(): every form of --user against /etc/passwd and /etc/group, damaged and hostile ones included. */
#include "user.h"
#include "check.h"

#include <stdbool.h>

static const char passwd[] = "root:x:0:0:root:/root:/bin/sh\n"
                             "www:x:33:44:www:/var/www:/bin/false\n"
                             "short:x:50\n"
                             "1000:x:7:8::/seven:/bin/sh\n"
                             "homeless:x:60:60::\n"
                             "broken:x:many:60::/b:\n"
                             "toohigh:x:4294967295:60::/b:\n"
                             "twice:x:70:70::/first:\n"
                             "twice:x:71:71::/second:\n"
                             "last:x:80:80::/last:/bin/sh";
static const char group[] = "root:x:0:\nwheel:x:10:root,www\nadm:x:4:wwwx,xwww\nmany:x:12:a,,www,b\nempty:x:13:\nbad:x:no:www\n44th:x:44:www\nend:x:99:last";

/* Resolves, checks uid, gid and home, and the groups as a text "g,g,". */
static void resolves(const char *spec, const char *passwd_text, const char *group_text, const char *wanted)
{
    const char *reason = NULL;
    char got[512];
    struct user *user = user_resolve(spec, passwd_text, group_text, &reason);
    if (!user) {
        check_text(reason, wanted);
        return;
    }
    int length = snprintf(got, sizeof got, "%u:%u %s", user->uid, user->gid, user->home);
    for (size_t i = 0; i < user->group_count; i++)
        length += snprintf(got + length, sizeof got - (size_t)length, "%s%u", i ? "," : " ", user->groups[i]);
    free(user->home);
    free(user);
    check_text(got, wanted);
}

static const char no_user[] = "no such user in the container's /etc/passwd", no_group[] = "no such group in the container's /etc/group",
                  damaged[] = "its line in /etc/passwd is damaged";

static void test_forms(void)
{
    resolves("", passwd, group, "0:0 /root 0,10");
    resolves("root", passwd, group, "0:0 /root 0,10");
    resolves("www", passwd, group, "33:44 /var/www 44,10,12");
    resolves("33", passwd, group, "33:44 /var/www 44,10,12");
    resolves("www:", passwd, group, "33:44 /var/www 44,10,12");
    resolves("www:adm", passwd, group, "33:4 /var/www 4");
    resolves("www:4", passwd, group, "33:4 /var/www 4");
    resolves(":adm", passwd, group, "0:4 /root 4");
    resolves("12345", passwd, group, "12345:0 / 0");
    resolves("12345:678", passwd, group, "12345:678 / 678");
    resolves("last", passwd, group, "80:80 /last 80,99"); /* no newline at the end of either file */
    resolves("homeless", passwd, group, "60:60 / 60");
    resolves("twice", passwd, group, "70:70 /first 70");
    resolves("1000", passwd, group, "7:8 /seven 8"); /* a name made of digits comes before the number */
    resolves("4294967294", passwd, group, "4294967294:0 / 0");
}

static void test_refusals(void)
{
    resolves("ghost", passwd, group, no_user);
    resolves("short", passwd, group, no_user);
    resolves("broken", passwd, group, damaged);
    resolves("toohigh", passwd, group, damaged);
    resolves("www:ghost", passwd, group, no_group);
    resolves("www:bad", passwd, group, no_group);
    resolves("www:adm:x", passwd, group, no_group);
    resolves("4294967295", passwd, group, no_user); /* (uid_t)-1 means "leave it" to chown(2) */
    resolves("4294967296", passwd, group, no_user);
    resolves("99999999999999999999", passwd, group, no_user);
    resolves("-1", passwd, group, no_user);
    resolves("+1", passwd, group, no_user);
    resolves("0x1", passwd, group, no_user);
    resolves(" 1", passwd, group, no_user);
    resolves("1:-1", passwd, group, no_group);
    resolves("roo", passwd, group, no_user);
    resolves("roott", passwd, group, no_user);
}

static void test_files(void)
{
    resolves("", NULL, NULL, "0:0 / 0");
    resolves("5", NULL, NULL, "5:0 / 0");
    resolves("name", NULL, NULL, no_user);
    resolves("5:name", NULL, NULL, no_group);
    resolves("", "", "", "0:0 / 0");
    resolves("x", "\n\n:::\nx", "\n", no_user);
    resolves("x", ":\nx:::::", "", damaged);
    resolves("x", "x:*:1:2:a:b:c:d:e\r\n", NULL, "1:2 b 2");
}

static void test_many_groups(void)
{
    enum { COUNT = 3000 };
    const char *reason;
    char *text = malloc(COUNT * 32), *at = text;
    for (int i = 0; i < COUNT; i++)
        at += sprintf(at, "g%d:x:%d:www\n", i, 100 + i);
    struct user *user = user_resolve("www", passwd, text, &reason);
    check(user && user->group_count == MAXIMUM_GROUPS && user->groups[0] == 44 && user->groups[1] == 100);
    check(user_add_group(user, "ghost", text) < 0 && user_add_group(user, "4294967295", text) < 0);
    check(user_add_group(user, "g7", text) == 0 && user->group_count == MAXIMUM_GROUPS);
    free(user->home);
    free(user);
    free(text);
}

int main(void)
{
    test_forms();
    test_refusals();
    test_files();
    test_many_groups();
    return 0;
}
