import '../../src/slirp4netns-wrapper/slirp4netns-wrapper.test.ts';
