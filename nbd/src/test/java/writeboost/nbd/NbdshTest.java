package writeboost.nbd;

import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import writeboost.device.MemoryDevice;

/** libnbd, told to send what it would refuse to send, and how it takes the answers. */
@Timeout(60)
class NbdshTest {

  private static final Duration LIMIT = Duration.ofSeconds(30);

  private static final String PRELUDE =
      """
      import errno
      def expect(error, call):
          try:
              call()
          except nbd.Error as e:
              assert e.errnum == error, (e.errnum, error)
          else:
              raise AssertionError("no error")
      """;

  private final DescribedDevice device = new DescribedDevice();
  private final MemoryDevice other = new MemoryDevice(1 << 20);
  private Served served;

  @BeforeEach
  void serve() throws IOException {
    served = new Served(device, new Export("disk", "", false), ServerOptions.DEFAULTS);
    served.server.export(other, new Export("other", "to be read", true));
  }

  @AfterEach
  void close() throws IOException {
    served.close();
    other.close();
  }

  private void run(String script) throws Exception {
    ExternalTool nbdsh = ExternalTool.find("nbdsh");
    String text = (PRELUDE + script).replace("URI", '"' + served.uri() + '"');
    nbdsh.run(LIMIT, "-c", text).expectSuccess();
  }

  @Test
  void requestsThatBreakTheRules() throws Exception {
    run(
        """
        h.connect_uri(URI)
        h.set_strict_mode(0)
        size = h.get_size()
        expect(errno.ENOSPC, lambda: h.pwrite(bytes(512), size))
        expect(errno.ENOSPC, lambda: h.zero(512, size))
        expect(errno.EINVAL, lambda: h.trim(512, size))
        expect(errno.EINVAL, lambda: h.pread(512, size))
        expect(errno.EINVAL, lambda: h.pread(100, 0))
        expect(errno.EINVAL, lambda: h.pread(33 << 20, 0))
        expect(errno.EINVAL, lambda: h.cache(512, size))
        expect(errno.EINVAL, lambda: h.cache(512, 0, 16))
        expect(errno.EINVAL, lambda: h.pread(512, 0, 16))
        expect(errno.EINVAL, lambda: h.zero(512, 0, nbd.CMD_FLAG_DF))
        expect(errno.EINVAL, lambda: h.flush(nbd.CMD_FLAG_NO_HOLE))
        expect(errno.EINVAL, lambda: h.block_status(512, 0, lambda *a: 0))
        h.cache(size, 0)
        h.zero(512, 0, nbd.CMD_FLAG_FAST_ZERO)
        h.pwrite(b"x" * 512, 0, nbd.CMD_FLAG_FUA)
        assert h.pread(512, 0) == b"x" * 512
        assert h.pread(0, 0) == b""
        h.pwrite(b"", 0)
        h.flush()
        h.shutdown()
        """);
  }

  @Test
  void chunksOfDataAndHoles() throws Exception {
    device.zero(4096, 8192);
    run(
        """
        h.connect_uri(URI)
        h.set_strict_mode(0)
        h.pwrite(b"x" * 4096, 0)
        h.pwrite(b"y" * 4096, 12288)
        whole = b"x" * 4096 + bytes(8192) + b"y" * 4096
        def read(flags):
            chunks = []
            def chunk(data, offset, kind, error):
                assert error.value == 0
                chunks.append((kind, offset, len(data)))
            assert h.pread_structured(16384, 0, chunk, flags) == whole
            return sorted(chunks, key=lambda chunk: chunk[1])
        data, hole = nbd.READ_DATA, nbd.READ_HOLE
        assert read(0) == [(data, 0, 4096), (hole, 4096, 8192), (data, 12288, 4096)], read(0)
        assert read(nbd.CMD_FLAG_DF) == [(data, 0, 16384)]
        expect(errno.EINVAL, lambda: h.pread_structured(512, h.get_size(), lambda *a: 0))
        h.shutdown()
        """);
  }

  @Test
  void statusOfRanges() throws Exception {
    device.zero(4096, 8192);
    run(
        """
        h.set_strict_mode(0)
        h.add_meta_context("base:allocation")
        h.add_meta_context("base:")
        h.connect_uri(URI)
        assert h.can_meta_context("base:allocation") and not h.can_meta_context("base:")
        def status(length, offset, flags=0):
            answers = []
            def extents(context, at, entries, error):
                assert (context, at) == ("base:allocation", offset)
                answers.append(entries)
            h.block_status(length, offset, extents, flags)
            assert len(answers) == 1
            return answers[0]
        one = nbd.CMD_FLAG_REQ_ONE
        assert status(16384, 0) == [4096, 0, 8192, 3, 4096, 0]
        assert status(16384, 0, one) == [4096, 0]
        assert status(512, 4096, one) == [512, 3]
        expect(errno.EINVAL, lambda: status(0, 0))
        expect(errno.EINVAL, lambda: status(513, 0))
        expect(errno.EINVAL, lambda: status(512, h.get_size()))
        expect(errno.EINVAL, lambda: status(512, 0, nbd.CMD_FLAG_DF))
        h.shutdown()
        """);
  }

  @Test
  void options() throws Exception {
    run(
        """
        h.set_opt_mode(True)
        h.set_full_info(True)
        h.connect_uri(URI)
        names = []
        h.opt_list(lambda name, text: names.append((name, text)))
        assert names == [("disk", ""), ("other", "to be read")], names
        def contexts(*queries):
            h.clear_meta_contexts()
            for query in queries:
                h.add_meta_context(query)
            found = []
            h.opt_list_meta_context(lambda name: found.append(name))
            return found
        assert contexts() == contexts("base:") == ["base:allocation"]
        assert contexts("base:all", "nothing", "") == []
        h.set_export_name("nothing")
        expect(errno.ENOENT, h.opt_info)
        h.set_export_name("other")
        h.opt_info()
        assert h.is_read_only() and h.get_size() == 1 << 20
        assert h.get_export_description() == "to be read"
        sizes = [h.get_block_size(i) for i in range(3)]
        assert sizes == [512, 4096, 32 << 20], sizes
        h.set_export_name("disk")
        h.opt_go()
        assert not h.is_read_only() and h.get_size() == 64 << 20
        h.shutdown()
        """);
  }

  /** As Linux does it. */
  @Test
  void simpleRepliesOnly() throws Exception {
    device.zero(4096, 8192);
    run(
        """
        h.set_request_structured_replies(False)
        h.set_strict_mode(0)
        h.add_meta_context("base:allocation")
        h.connect_uri(URI)
        assert not h.get_structured_replies_negotiated() and not h.can_df()
        h.pwrite(b"x" * 4096, 0)
        assert h.pread(8192, 0) == b"x" * 4096 + bytes(4096)
        expect(errno.EINVAL, lambda: h.pread(512, 0, nbd.CMD_FLAG_DF))
        expect(errno.EINVAL, lambda: h.block_status(512, 0, lambda *a: 0))
        h.shutdown()
        """);
  }
}
