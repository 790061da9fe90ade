#include "nft.h"
#include "util.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

void nft_free(struct nft *nft)
{
    netlink_free(&nft->out);
}

static void start(struct nft *nft, uint16_t message, uint16_t flags, const char *place)
{
    struct nfgenmsg header = { .nfgen_family = nft->family, .version = NFNETLINK_V0 };
    if (nft->out.sequence + 1 >= sizeof nft->places / sizeof *nft->places)
        place = "its elements";
    else
        nft->places[nft->out.sequence + 1] = place;
    nft->place = place;
    netlink_start(&nft->out, NFNL_SUBSYS_NFTABLES << 8 | message, flags | NLM_F_ACK, &header, sizeof header);
}

static void frame(struct nft *nft, uint16_t type)
{
    struct nfgenmsg header = { .nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0, .res_id = htons(NFNL_SUBSYS_NFTABLES) };
    netlink_start(&nft->out, type, 0, &header, sizeof header);
}

void nft_begin(struct nft *nft, uint32_t generation)
{
    frame(nft, NFNL_MSG_BATCH_BEGIN);
    if (generation != 0)
        netlink_put_be32(&nft->out, NFNL_BATCH_GENID, generation);
}

int nft_commit(struct nft *nft, int fd, const char **place)
{
    uint32_t failed = 0;
    frame(nft, NFNL_MSG_BATCH_END);
    int result = netlink_talk(fd, &nft->out, &failed);
    const char *known = failed < sizeof nft->places / sizeof *nft->places ? nft->places[failed] : NULL;
    *place = known ? known : "the whole";
    return result;
}

struct number {
    uint32_t value;
    bool there;
};

static bool take_generation(const struct nlmsghdr *message, void *context)
{
    struct number *number = context;
    size_t offset = NLMSG_HDRLEN + sizeof(struct nfgenmsg), length;
    if (message->nlmsg_len < offset)
        return false;
    const void *data = netlink_find((const char *)message + offset, message->nlmsg_len - offset, NFTA_GEN_ID, &length);
    if (data && length == sizeof number->value) {
        memcpy(&number->value, data, length);
        number->there = true;
    }
    return false;
}

int nft_generation(int fd, uint32_t *generation)
{
    autonetlink struct netlink out = { 0 };
    struct nfgenmsg header = { .nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0 };
    struct number number = { 0, false };
    netlink_start(&out, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN, 0, &header, sizeof header);
    int result = netlink_ask(fd, &out, take_generation, &number);
    *generation = ntohl(number.value);
    return result < 0 ? result : number.there ? 0 : -EPROTO;
}

void nft_table(struct nft *nft, uint8_t family, const char *name)
{
    nft->family = family;
    nft->table = name;
    start(nft, NFT_MSG_NEWTABLE, NLM_F_CREATE, "its table");
    netlink_put_text(&nft->out, NFTA_TABLE_NAME, name);
}

void nft_flush(struct nft *nft)
{
    start(nft, NFT_MSG_DELRULE, 0, "the removal of old rules");
    netlink_put_text(&nft->out, NFTA_RULE_TABLE, nft->table);
}

void nft_chain(struct nft *nft, const char *name)
{
    start(nft, NFT_MSG_NEWCHAIN, NLM_F_CREATE, name);
    netlink_put_text(&nft->out, NFTA_CHAIN_TABLE, nft->table);
    netlink_put_text(&nft->out, NFTA_CHAIN_NAME, name);
}

void nft_hook(struct nft *nft, const char *name, const char *type, uint32_t hook, int32_t priority, uint32_t policy)
{
    nft_chain(nft, name);
    size_t nest = netlink_nest(&nft->out, NFTA_CHAIN_HOOK);
    netlink_put_be32(&nft->out, NFTA_HOOK_HOOKNUM, hook);
    netlink_put_be32(&nft->out, NFTA_HOOK_PRIORITY, (uint32_t)priority);
    netlink_end(&nft->out, nest);
    netlink_put_be32(&nft->out, NFTA_CHAIN_POLICY, policy);
    netlink_put_text(&nft->out, NFTA_CHAIN_TYPE, type);
}

void nft_set(struct nft *nft, const char *name, uint32_t type, uint32_t size)
{
    start(nft, NFT_MSG_NEWSET, NLM_F_CREATE, name);
    netlink_put_text(&nft->out, NFTA_SET_TABLE, nft->table);
    netlink_put_text(&nft->out, NFTA_SET_NAME, name);
    netlink_put_be32(&nft->out, NFTA_SET_FLAGS, 0);
    netlink_put_be32(&nft->out, NFTA_SET_KEY_TYPE, type);
    netlink_put_be32(&nft->out, NFTA_SET_KEY_LEN, size);
    netlink_put_be32(&nft->out, NFTA_SET_ID, nft->out.sequence);
}

void nft_element(struct nft *nft, bool add, const char *set, const void *key, size_t size)
{
    start(nft, add ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM, add ? NLM_F_CREATE : 0, set);
    netlink_put_text(&nft->out, NFTA_SET_ELEM_LIST_TABLE, nft->table);
    netlink_put_text(&nft->out, NFTA_SET_ELEM_LIST_SET, set);
    size_t list = netlink_nest(&nft->out, NFTA_SET_ELEM_LIST_ELEMENTS), element = netlink_nest(&nft->out, NFTA_LIST_ELEM),
           nest = netlink_nest(&nft->out, NFTA_SET_ELEM_KEY);
    netlink_put(&nft->out, NFTA_DATA_VALUE, key, size);
    netlink_end(&nft->out, nest);
    netlink_end(&nft->out, element);
    netlink_end(&nft->out, list);
}

void nft_rule(struct nft *nft, const char *chain)
{
    start(nft, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, chain);
    netlink_put_text(&nft->out, NFTA_RULE_TABLE, nft->table);
    netlink_put_text(&nft->out, NFTA_RULE_CHAIN, chain);
    nft->rule = netlink_nest(&nft->out, NFTA_RULE_EXPRESSIONS);
}

void nft_rule_end(struct nft *nft)
{
    netlink_end(&nft->out, nft->rule);
}

struct expression {
    size_t element, data;
};

static struct expression open_expression(struct nft *nft, const char *name)
{
    size_t element = netlink_nest(&nft->out, NFTA_LIST_ELEM);
    netlink_put_text(&nft->out, NFTA_EXPR_NAME, name);
    return (struct expression){ element, netlink_nest(&nft->out, NFTA_EXPR_DATA) };
}

static void close_expression(struct nft *nft, struct expression expression)
{
    netlink_end(&nft->out, expression.data);
    netlink_end(&nft->out, expression.element);
}

static void put_value(struct nft *nft, uint16_t attribute, const void *data, size_t size)
{
    size_t nest = netlink_nest(&nft->out, attribute);
    netlink_put(&nft->out, NFTA_DATA_VALUE, data, size);
    netlink_end(&nft->out, nest);
}

void nft_meta(struct nft *nft, uint32_t key, uint32_t reg)
{
    struct expression expression = open_expression(nft, "meta");
    netlink_put_be32(&nft->out, NFTA_META_KEY, key);
    netlink_put_be32(&nft->out, NFTA_META_DREG, reg);
    close_expression(nft, expression);
}

void nft_payload(struct nft *nft, uint32_t base, uint32_t offset, uint32_t length, uint32_t reg)
{
    struct expression expression = open_expression(nft, "payload");
    netlink_put_be32(&nft->out, NFTA_PAYLOAD_DREG, reg);
    netlink_put_be32(&nft->out, NFTA_PAYLOAD_BASE, base);
    netlink_put_be32(&nft->out, NFTA_PAYLOAD_OFFSET, offset);
    netlink_put_be32(&nft->out, NFTA_PAYLOAD_LEN, length);
    close_expression(nft, expression);
}

void nft_compare(struct nft *nft, uint32_t operation, const void *data, size_t size)
{
    struct expression expression = open_expression(nft, "cmp");
    netlink_put_be32(&nft->out, NFTA_CMP_SREG, NFT_REG_1);
    netlink_put_be32(&nft->out, NFTA_CMP_OP, operation);
    put_value(nft, NFTA_CMP_DATA, data, size);
    close_expression(nft, expression);
}

void nft_compare_u32(struct nft *nft, uint32_t operation, uint32_t value)
{
    nft_compare(nft, operation, &value, sizeof value);
}

void nft_compare_u8(struct nft *nft, uint32_t operation, uint8_t value)
{
    nft_compare(nft, operation, &value, sizeof value);
}

void nft_mask(struct nft *nft, const void *mask, size_t size)
{
    static const unsigned char zeros[16];
    struct expression expression = open_expression(nft, "bitwise");
    netlink_put_be32(&nft->out, NFTA_BITWISE_SREG, NFT_REG_1);
    netlink_put_be32(&nft->out, NFTA_BITWISE_DREG, NFT_REG_1);
    netlink_put_be32(&nft->out, NFTA_BITWISE_LEN, size);
    put_value(nft, NFTA_BITWISE_MASK, mask, size);
    put_value(nft, NFTA_BITWISE_XOR, zeros, size);
    close_expression(nft, expression);
}

void nft_lookup(struct nft *nft, const char *set, uint32_t reg, bool inverted)
{
    struct expression expression = open_expression(nft, "lookup");
    netlink_put_text(&nft->out, NFTA_LOOKUP_SET, set);
    netlink_put_be32(&nft->out, NFTA_LOOKUP_SREG, reg);
    if (inverted)
        netlink_put_be32(&nft->out, NFTA_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
    close_expression(nft, expression);
}

void nft_fib(struct nft *nft, uint32_t flags, uint32_t result)
{
    struct expression expression = open_expression(nft, "fib");
    netlink_put_be32(&nft->out, NFTA_FIB_DREG, NFT_REG_1);
    netlink_put_be32(&nft->out, NFTA_FIB_RESULT, result);
    netlink_put_be32(&nft->out, NFTA_FIB_FLAGS, flags);
    close_expression(nft, expression);
}

void nft_state(struct nft *nft, uint32_t states)
{
    struct expression expression = open_expression(nft, "ct");
    netlink_put_be32(&nft->out, NFTA_CT_DREG, NFT_REG_1);
    netlink_put_be32(&nft->out, NFTA_CT_KEY, NFT_CT_STATE);
    close_expression(nft, expression);
    nft_mask(nft, &states, sizeof states);
    nft_compare_u32(nft, NFT_CMP_NEQ, 0);
}

void nft_transparent(struct nft *nft)
{
    struct expression expression = open_expression(nft, "socket");
    netlink_put_be32(&nft->out, NFTA_SOCKET_KEY, NFT_SOCKET_TRANSPARENT);
    netlink_put_be32(&nft->out, NFTA_SOCKET_DREG, NFT_REG_1);
    close_expression(nft, expression);
    nft_compare_u8(nft, NFT_CMP_EQ, 1);
}

static void put_immediate(struct nft *nft, const void *data, size_t size)
{
    struct expression expression = open_expression(nft, "immediate");
    netlink_put_be32(&nft->out, NFTA_IMMEDIATE_DREG, NFT_REG_1);
    put_value(nft, NFTA_IMMEDIATE_DATA, data, size);
    close_expression(nft, expression);
}

void nft_set_mark(struct nft *nft, uint32_t mark)
{
    put_immediate(nft, &mark, sizeof mark);
    struct expression expression = open_expression(nft, "meta");
    netlink_put_be32(&nft->out, NFTA_META_KEY, NFT_META_MARK);
    netlink_put_be32(&nft->out, NFTA_META_SREG, NFT_REG_1);
    close_expression(nft, expression);
}

void nft_masquerade(struct nft *nft)
{
    close_expression(nft, open_expression(nft, "masq"));
}

void nft_untracked(struct nft *nft)
{
    close_expression(nft, open_expression(nft, "notrack"));
}

void nft_set_payload(struct nft *nft, uint32_t offset, const void *data, size_t size, uint32_t sum)
{
    put_immediate(nft, data, size);
    struct expression expression = open_expression(nft, "payload");
    netlink_put_be32(&nft->out, NFTA_PAYLOAD_SREG, NFT_REG_1);
    netlink_put_be32(&nft->out, NFTA_PAYLOAD_BASE, NFT_PAYLOAD_TRANSPORT_HEADER);
    netlink_put_be32(&nft->out, NFTA_PAYLOAD_OFFSET, offset);
    netlink_put_be32(&nft->out, NFTA_PAYLOAD_LEN, size);
    netlink_put_be32(&nft->out, NFTA_PAYLOAD_CSUM_TYPE, NFT_PAYLOAD_CSUM_INET);
    netlink_put_be32(&nft->out, NFTA_PAYLOAD_CSUM_OFFSET, sum);
    close_expression(nft, expression);
}

void nft_reject(struct nft *nft, uint32_t type, uint8_t code)
{
    struct expression expression = open_expression(nft, "reject");
    netlink_put_be32(&nft->out, NFTA_REJECT_TYPE, type);
    netlink_put(&nft->out, NFTA_REJECT_ICMP_CODE, &code, sizeof code);
    close_expression(nft, expression);
}

void nft_verdict(struct nft *nft, uint32_t code, const char *chain)
{
    struct expression expression = open_expression(nft, "immediate");
    netlink_put_be32(&nft->out, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
    size_t data = netlink_nest(&nft->out, NFTA_IMMEDIATE_DATA), verdict = netlink_nest(&nft->out, NFTA_DATA_VERDICT);
    netlink_put_be32(&nft->out, NFTA_VERDICT_CODE, code);
    if (chain)
        netlink_put_text(&nft->out, NFTA_VERDICT_CHAIN, chain);
    netlink_end(&nft->out, verdict);
    netlink_end(&nft->out, data);
    close_expression(nft, expression);
}

struct reader {
    void (*take)(const void *, size_t, void *);
    void *context;
};

static void take_element(uint16_t attribute, const void *data, size_t size, void *context)
{
    struct reader *reader = context;
    size_t length;
    const void *key = attribute == NFTA_LIST_ELEM ? netlink_find(data, size, NFTA_SET_ELEM_KEY, &length) : NULL,
               *value = key ? netlink_find(key, length, NFTA_DATA_VALUE, &length) : NULL;
    if (value)
        reader->take(value, length, reader->context);
}

static bool take_elements(const struct nlmsghdr *message, void *context)
{
    size_t offset = NLMSG_HDRLEN + sizeof(struct nfgenmsg), length;
    const void *list = message->nlmsg_len < offset ? NULL : netlink_find((const char *)message + offset, message->nlmsg_len - offset, NFTA_SET_ELEM_LIST_ELEMENTS, &length);
    if (list)
        netlink_each(list, length, take_element, context);
    return true;
}

int nft_elements(int fd, uint8_t family, const char *table, const char *set, void (*take)(const void *, size_t, void *), void *context)
{
    autonetlink struct netlink out = { 0 };
    struct nfgenmsg header = { .nfgen_family = family, .version = NFNETLINK_V0 };
    struct reader reader = { take, context };
    netlink_start(&out, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETSETELEM, NLM_F_DUMP, &header, sizeof header);
    netlink_put_text(&out, NFTA_SET_ELEM_LIST_TABLE, table);
    netlink_put_text(&out, NFTA_SET_ELEM_LIST_SET, set);
    return netlink_ask(fd, &out, take_elements, &reader);
}
