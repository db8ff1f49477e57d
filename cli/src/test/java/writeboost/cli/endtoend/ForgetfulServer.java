package writeboost.cli.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import writeboost.device.BlockDevice;
import writeboost.device.Errno;
import writeboost.device.Limits;
import writeboost.device.Request;
import writeboost.nbd.Export;
import writeboost.nbd.NbdServer;
import writeboost.nbd.ServerOptions;

/**
 * An NBD server over a disk that forgets what was not flushed whenever it dies, which it does when
 * the test wants. Any thread.
 */
final class ForgetfulServer implements AutoCloseable {

  private static final int LIMIT_S = 60;

  private final Path socket;
  private final byte[] durable;
  private Disk disk;
  private NbdServer server;

  ForgetfulServer(Path socket, int bytes) throws IOException {
    this.socket = socket;
    this.durable = new byte[bytes];
    start();
  }

  String uri() {
    return "nbd+unix:///disk?socket=" + socket;
  }

  /** Starts it, with what is durable. */
  void start() throws IOException {
    Files.deleteIfExists(socket);
    disk = new Disk();
    server = NbdServer.start(disk, new Export("disk", "", false), ServerOptions.DEFAULTS);
    server.listen(UnixDomainSocketAddress.of(socket));
  }

  /** From now on it carries out so many changes more, and answers them; then it dies. */
  void dieAfter(int changes) {
    disk.dieAfter(changes);
  }

  /** Waits until it has died; its clients notice now. */
  void awaitDeath() throws InterruptedException {
    disk.awaitDeath();
    server.close(Duration.ZERO);
    disk.answerHeld(); // nobody hears it
    server.close();
  }

  /** What has been flushed. */
  byte[] durable() {
    synchronized (durable) {
      return durable.clone();
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
    Files.deleteIfExists(socket);
  }

  /** The disk in the life between two deaths. */
  private final class Disk implements BlockDevice {
    private final byte[] bytes = durable();
    private final List<Request> held = new ArrayList<>();
    private int changesLeft = Integer.MAX_VALUE;

    synchronized void dieAfter(int changes) {
      changesLeft = changes;
    }

    synchronized void awaitDeath() throws InterruptedException {
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_S);
      while (changesLeft > 0) {
        long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
        assertThat(left).as("until the server dies").isPositive();
        wait(left);
      }
    }

    void answerHeld() {
      List<Request> answering;
      synchronized (this) {
        answering = List.copyOf(held);
        held.clear();
      }
      answering.forEach(request -> request.complete(Errno.EIO));
    }

    @Override
    public long size() {
      return bytes.length;
    }

    @Override
    public Limits limits() {
      return new Limits(false, 512, 4096, true, true);
    }

    @Override
    public void submit(Request[] batch, int count) {
      for (int i = 0; i < count; i++) {
        if (carryOut(batch[i])) {
          batch[i].complete(Errno.OK);
        }
      }
    }

    private synchronized boolean carryOut(Request request) {
      if (changesLeft == 0) {
        held.add(request);
        return false;
      }
      MemorySegment all = MemorySegment.ofArray(bytes);
      switch (request.operation) {
        case READ ->
            MemorySegment.copy(
                all, request.offset, request.data, request.dataOffset, request.length);
        case WRITE ->
            MemorySegment.copy(
                request.data, request.dataOffset, all, request.offset, request.length);
        case WRITE_ZEROES, TRIM -> all.asSlice(request.offset, request.length).fill((byte) 0);
        case FLUSH -> {
          synchronized (durable) {
            System.arraycopy(bytes, 0, durable, 0, bytes.length);
          }
        }
      }
      if (request.operation.changes() && changesLeft != Integer.MAX_VALUE && --changesLeft == 0) {
        notifyAll();
      }
      return true;
    }

    @Override
    public void close() {}
  }
}
