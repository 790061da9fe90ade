/*
 * nf_tables spoken directly: one batch of messages that the kernel takes whole or not at all. A rule is a row of expressions which
 * are evaluated in order until one does not match; values lie in registers. `nft --debug=netlink` shows the same for written rules.
 */
#ifndef SKIFF_NFT_H
#define SKIFF_NFT_H

#include "netlink.h"

#include <linux/netfilter/nf_tables.h>

struct nft {
    struct netlink out;
    uint8_t family; /* NFPROTO_INET or NFPROTO_BRIDGE */
    const char *table;
    const char *place; /* what the message begun last is about */
    const char *places[192];
    size_t rule;
};

void nft_free(struct nft *nft);
#define autonft __attribute__((cleanup(nft_free)))

/* Begins a batch. With `generation` it is refused (-ERESTART) when the rules are of another one by now; 0: never. */
void nft_begin(struct nft *nft, uint32_t generation);
/* Sends the batch: 0, or a negative errno and what it was about in `*place`; then nothing of it has happened. */
int nft_commit(struct nft *nft, int fd, const char **place);
/* The number of what is loaded now, which changes with every batch; a negative errno. */
int nft_generation(int fd, uint32_t *generation);

/* Makes it where it is missing, and makes it the table of all that follows. `nft_flush` removes its rules, sets and their elements stay. */
void nft_table(struct nft *nft, uint8_t family, const char *name);
void nft_flush(struct nft *nft);
void nft_chain(struct nft *nft, const char *name);
void nft_hook(struct nft *nft, const char *name, const char *type, uint32_t hook, int32_t priority, uint32_t policy);
/* `type` is what nft shows the elements as (its datatypes, 6 bits each), `size` the length of a key. */
void nft_set(struct nft *nft, const char *name, uint32_t type, uint32_t size);
/* One element of a set; to add one that is there is harmless, to delete one that is not fails. */
void nft_element(struct nft *nft, bool add, const char *set, const void *key, size_t size);

/* A rule at the end of a chain: nft_rule, its expressions, nft_rule_end. */
void nft_rule(struct nft *nft, const char *chain);
void nft_rule_end(struct nft *nft);
void nft_meta(struct nft *nft, uint32_t key, uint32_t reg);
void nft_payload(struct nft *nft, uint32_t base, uint32_t offset, uint32_t length, uint32_t reg);
void nft_compare(struct nft *nft, uint32_t operation, const void *data, size_t size);
void nft_compare_u32(struct nft *nft, uint32_t operation, uint32_t value);
void nft_compare_u8(struct nft *nft, uint32_t operation, uint8_t value);
/* Of register 1: the bits of `mask`, at most 16 bytes. */
void nft_mask(struct nft *nft, const void *mask, size_t size);
void nft_lookup(struct nft *nft, const char *set, uint32_t reg, bool inverted);
/* FIB lookup with NFTA_FIB_F_*: into register 1 the type (RTN_*), or with NFTA_FIB_F_PRESENT whether there is a route. */
void nft_fib(struct nft *nft, uint32_t flags, uint32_t result);
/* One of the states (bits of NF_CT_STATE_BIT and so on). */
void nft_state(struct nft *nft, uint32_t states);
void nft_transparent(struct nft *nft);
void nft_set_mark(struct nft *nft, uint32_t mark);
void nft_masquerade(struct nft *nft);
/* Connection tracking passes the packet over; in a chain before it (NF_IP_PRI_CONNTRACK). */
void nft_untracked(struct nft *nft);
/* Writes at most 4 bytes over those at `offset` of the transport header, and mends the header's checksum at `sum`. */
void nft_set_payload(struct nft *nft, uint32_t offset, const void *data, size_t size, uint32_t sum);
/* NFT_REJECT_*: with type NFT_REJECT_ICMPX_UNREACH `code` is one of NFT_REJECT_ICMPX_*. */
void nft_reject(struct nft *nft, uint32_t type, uint8_t code);
/* NF_ACCEPT, NF_DROP, NFT_JUMP or NFT_GOTO with a chain. */
void nft_verdict(struct nft *nft, uint32_t code, const char *chain);

/* Every element of a set to `take`; 0, -ENOENT without such a set, -EINTR when it changed meanwhile. */
int nft_elements(int fd, uint8_t family, const char *table, const char *set, void (*take)(const void *key, size_t size, void *context), void *context);

#endif
