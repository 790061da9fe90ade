import '../../src/fuse-overlayfs-bindings/fuse-overlayfs-bindings.test.ts';
