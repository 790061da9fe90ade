# skiff-tree: libarchive with the libraries its filters need (lz4 only because archive_read_append_filter names it).
TREE_SRC  = tree.c tree-apply.c tree-meta.c tree-path.c tree-stream.c tree-pack.c tree-changes.c tree-copy.c tree-gather.c tree-sparse.c tree-tar.c tree-log.c logger-chunks.c
TREE_LIBS = -larchive -lnettle -llzma -lbz2 -lzstd -lz -llz4

TEST_SRC_tree-fuzz = tree-path.c
