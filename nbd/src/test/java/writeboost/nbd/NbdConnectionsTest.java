package writeboost.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import writeboost.device.Errno;
import writeboost.device.Extents;
import writeboost.device.Operation;
import writeboost.device.Request;

/** Several connections are one disk. */
@Timeout(60)
class NbdConnectionsTest {

  private static final long STRIPE = NbdConnections.STRIPE_BYTES;
  private static final int COUNT = 3;

  private Served served;
  private NbdConnections disk;

  @BeforeEach
  void connect() throws IOException {
    served = new Served();
    disk = NbdConnections.connect(NbdAddress.parse(served.uri()), ClientOptions.DEFAULTS, COUNT);
  }

  @AfterEach
  void close() throws IOException {
    served.device.letGo();
    disk.close();
    served.close();
  }

  private static MemorySegment filled(long bytes, long seed) {
    MemorySegment memory = Arena.ofAuto().allocate(bytes);
    Random random = new Random(seed);
    for (long at = 0; at < bytes; at += 8) {
      memory.set(ValueLayout.JAVA_LONG_UNALIGNED, at, random.nextLong());
    }
    return memory;
  }

  private CompletableFuture<Integer> submit(
      Operation operation, long offset, long length, MemorySegment memory) {
    CompletableFuture<Integer> answer = new CompletableFuture<>();
    Request request = new Request(done -> answer.complete(done.error));
    request.set(operation, 0, offset, length, memory, 0);
    disk.submit(new Request[] {request}, 1);
    return answer;
  }

  private int run(Operation operation, long offset, long length, MemorySegment memory)
      throws Exception {
    return submit(operation, offset, length, memory).get(20, TimeUnit.SECONDS);
  }

  @Test
  void whatIsWrittenAnywhereIsReadBack() throws Exception {
    assertThat(served.server.clients()).hasSize(COUNT);
    long[][] ranges = {
      {0, 4096},
      {STRIPE - 512, 1024},
      {STRIPE - 4096, STRIPE + 8192},
      {2 * STRIPE, 512},
      {Served.SIZE - 512, 512},
      {512, Served.SIZE - 1024},
    };
    for (long[] range : ranges) {
      MemorySegment written = filled(range[1], range[0]);
      assertThat(run(Operation.WRITE, range[0], range[1], written)).isZero();
      MemorySegment read = Arena.ofAuto().allocate(range[1]);
      assertThat(run(Operation.READ, range[0], range[1], read)).isZero();
      assertThat(read.mismatch(written)).isEqualTo(-1);
    }
    assertThat(run(Operation.WRITE_ZEROES, 512, Served.SIZE - 512, MemorySegment.NULL)).isZero();
    MemorySegment read = filled(Served.SIZE, 1);
    assertThat(run(Operation.READ, 0, Served.SIZE, read)).isZero();
    assertThat(read.asSlice(512).mismatch(Arena.ofAuto().allocate(Served.SIZE - 512)))
        .isEqualTo(-1);
    assertThat(served.server.clients()).allMatch(client -> client.requests() > 0);
  }

  @Test
  void aFlushGoesOutOnAllAndFailsWithOne() throws Exception {
    served.device.hold();
    CompletableFuture<Integer> flush = submit(Operation.FLUSH, 0, 0, MemorySegment.NULL);
    served.device.awaitHeld(COUNT);
    served.device.letGo(0);
    served.device.letGo(0);
    assertThat(flush).isNotDone();
    served.device.failHeld(Errno.ENOSPC);
    assertThat(flush.get(20, TimeUnit.SECONDS)).isEqualTo(Errno.ENOSPC);
    served.device.letGo();
    assertThat(run(Operation.FLUSH, 0, 0, MemorySegment.NULL)).isZero();
  }

  @Test
  void onePlaceHasOneConnection() throws Exception {
    for (int i = 0; i < 10; i++) {
      assertThat(run(Operation.WRITE, STRIPE + 4096L * i, 4096, filled(4096, i))).isZero();
    }
    while (requests().stream().mapToLong(Long::longValue).sum() < 10) { // counted once written
      Thread.onSpinWait();
    }
    assertThat(requests()).contains(10L, 0L, 0L);
  }

  private List<Long> requests() {
    return served.server.clients().stream().map(ClientStatus::requests).toList();
  }

  @Test
  void wrongRequestsAndErrorsAreAnsweredOnce() throws Exception {
    MemorySegment memory = filled(4096, 1);
    assertThat(run(Operation.READ, Served.SIZE, 512, memory)).isEqualTo(Errno.EINVAL);
    assertThat(run(Operation.WRITE, -512, 512, memory)).isEqualTo(Errno.EINVAL);
    assertThat(run(Operation.READ, 0, 0, memory)).isZero();
    served.device.hold();
    CompletableFuture<Integer> write = submit(Operation.WRITE, STRIPE - 512, 1024, memory);
    served.device.awaitHeld(2);
    served.device.failHeld(Errno.EIO);
    assertThat(write.get(20, TimeUnit.SECONDS)).isEqualTo(Errno.EIO);
  }

  @Test
  void questionsAreAnswered() throws Exception {
    CompletableFuture<Extents> answer = new CompletableFuture<>();
    disk.describe(new Extents(10, answer::complete).ask(STRIPE, 2 * STRIPE, 10));
    assertThat(answer.get(20, TimeUnit.SECONDS).count()).isPositive();
    disk.prefetch(0, 4096);
    assertThat(disk.size()).isEqualTo(Served.SIZE);
    assertThat(disk.states()).hasSize(COUNT).allMatch(NbdDevice.State::connected);
  }

  private static NbdConnections connect(NbdAddress address) {
    try {
      return NbdConnections.connect(address, ClientOptions.DEFAULTS, 2);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void aServerThatDoesNotShareHasOneConnection() throws Exception {
    try (ScriptedServer server = new ScriptedServer()) {
      NbdAddress address = server.uri();
      CompletableFuture<NbdConnections> connecting =
          CompletableFuture.supplyAsync(() -> connect(address));
      try (ScriptedServer.Peer peer = server.accept();
          NbdConnections one = connecting.get(20, TimeUnit.SECONDS)) {
        assertThat(one.states()).hasSize(1);
        assertThat(peer).isNotNull();
      }
    }
  }

  /** Only one knows that something may be lost; all the same the FLUSH of the whole fails, once. */
  @Test
  void theLossOfOneConnectionIsAFailedFlush() throws Exception {
    disk.close();
    try (ScriptedServer server = new ScriptedServer()) {
      server.size = 4 * STRIPE;
      server.flags |= Protocol.TRANSMIT_CAN_MULTI_CONN;
      NbdAddress address = server.uri();
      CompletableFuture<NbdConnections> connecting =
          CompletableFuture.supplyAsync(() -> connect(address));
      ScriptedServer.Peer first = server.accept();
      ScriptedServer.Peer second = server.accept();
      disk = connecting.get(20, TimeUnit.SECONDS);
      CompletableFuture<Integer> write =
          submit(Operation.WRITE, STRIPE, 4096, filled(4096, 1)); // by the second
      second.answer(second.next(Protocol.CMD_WRITE));
      assertThat(write.get(20, TimeUnit.SECONDS)).isZero();
      second.close();
      second = server.accept();
      Calls.await("connected", () -> disk.states().stream().allMatch(NbdDevice.State::connected));
      CompletableFuture<Integer> flush = submit(Operation.FLUSH, 0, 0, MemorySegment.NULL);
      first.answer(first.next(Protocol.CMD_FLUSH));
      assertThat(flush.get(20, TimeUnit.SECONDS)).isEqualTo(Errno.ENOTCONN);
      flush = submit(Operation.FLUSH, 0, 0, MemorySegment.NULL);
      first.answer(first.next(Protocol.CMD_FLUSH));
      second.answer(second.next(Protocol.CMD_FLUSH));
      assertThat(flush.get(20, TimeUnit.SECONDS)).isZero();
      first.close();
      second.close();
      disk.close();
    }
  }

  @Test
  void theCountIsBounded() {
    NbdAddress address = NbdAddress.parse(served.uri());
    assertThatThrownBy(() -> NbdConnections.connect(address, ClientOptions.DEFAULTS, 0))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
