package writeboost.cli.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The backing device stops answering: it is a file of an nbdkit that is stopped.
 *
 * <p>{@code -Dfrozen.seconds=60} keeps it so for longer.
 */
@Timeout(400)
final class FrozenBackingTest {

  private static final int FROZEN_S = Integer.getInteger("frozen.seconds", 8);
  private static final int QUIET_S = 2;
  private static final long MAX_GROWTH_BYTES = 200L << 20;
  private static final int CHUNK_BYTES = 1 << 20;
  private static final int CHUNK_SECTORS = CHUNK_BYTES / Sectors.BYTES;

  /** Much more than the cache and the allowed growth hold. */
  private static final int CHUNKS = 320;

  /** Writes to these chunks are answered before, and after, the backing device freezes. */
  private static final int FIRST_FROZEN = 4;

  private static final int FIRST_FLOODED = 12;
  private static final int FLOODERS = 8;

  private Workspace workspace;
  private final AtomicInteger answered = new AtomicInteger();
  private final CountDownLatch failed = new CountDownLatch(1);

  @BeforeEach
  void open() throws Exception {
    workspace = new Workspace();
  }

  @AfterEach
  void close() throws Exception {
    workspace.close();
  }

  @Test
  void whatNeedsNoBackingDeviceGoesOnAndTheRestWaits() throws Exception {
    FreezingDisk disk = new FreezingDisk(workspace, CHUNKS + "M");
    String cache = workspace.file("cache.img").toString();
    Server server = Server.start(workspace, disk.file().toString(), cache, "--cache-size", "32M");
    long residentAtStart = server.residentBytes();
    workspace.atEnd(disk::thaw);
    NbdClient client = connect(server);
    writeChunks(client, 0, FIRST_FROZEN);
    NbdClient.await(client.flush());

    disk.freeze();
    writeChunks(client, FIRST_FROZEN, FIRST_FLOODED);
    NbdClient.await(client.flush());
    List<NbdClient> flooders = new ArrayList<>();
    for (int i = 0; i < FLOODERS; i++) {
      flooders.add(connect(server));
    }
    try (ExecutorService threads = Executors.newFixedThreadPool(FLOODERS)) {
      List<Future<Void>> floods = new ArrayList<>();
      for (int i = 0; i < FLOODERS; i++) {
        int first = FIRST_FLOODED + i;
        NbdClient flooder = flooders.get(i);
        floods.add(threads.submit(() -> flood(flooder, first)));
      }
      try {
        awaitFullLog();
        assertCachedReadsAndFlushAnswer(client);
        assertWritesWait(server, residentAtStart);
        assertCachedReadsAndFlushAnswer(client);
      } finally {
        disk.thaw();
      }
      for (Future<Void> flood : floods) {
        flood.get();
      }
    }
    assertThat(Sectors.versions(client)).isEqualTo(expected());
    for (NbdClient flooder : flooders) {
      assertThat(flooder.errorReplies()).isZero();
    }
    server.stop();
  }

  private NbdClient connect(Server server) throws IOException {
    NbdClient client = server.connect();
    workspace.atEnd(client::close);
    return client;
  }

  private static CompletableFuture<byte[]> writeChunk(NbdClient client, int chunk)
      throws IOException {
    byte[] data = Sectors.filled((long) chunk * CHUNK_SECTORS, CHUNK_SECTORS, chunk + 1);
    return client.write((long) chunk * CHUNK_BYTES, data, false);
  }

  private static void writeChunks(NbdClient client, int first, int end) throws Exception {
    for (int chunk = first; chunk < end; chunk++) {
      NbdClient.await(writeChunk(client, chunk));
    }
  }

  /** Sends writes for as long as the server reads them. */
  private Void flood(NbdClient client, int firstChunk) throws Exception {
    List<CompletableFuture<byte[]>> answers = new ArrayList<>();
    for (int chunk = firstChunk; chunk < CHUNKS; chunk += FLOODERS) {
      answers.add(writeChunk(client, chunk).whenComplete(this::count));
    }
    for (CompletableFuture<byte[]> answer : answers) {
      answer.get(FROZEN_S + NbdClient.LIMIT_S, TimeUnit.SECONDS);
    }
    return null;
  }

  private void count(byte[] data, Throwable error) {
    if (error == null) {
      answered.incrementAndGet();
    } else {
      failed.countDown();
    }
  }

  private void awaitFullLog() throws InterruptedException {
    int before;
    do {
      before = answered.get();
      assertThat(failed.await(QUIET_S, TimeUnit.SECONDS)).as("a write failed").isFalse();
    } while (answered.get() > before);
    assertThat(before).isBetween(1, CHUNKS - FIRST_FLOODED - 1);
  }

  private static void assertCachedReadsAndFlushAnswer(NbdClient client) throws Exception {
    for (int chunk = FIRST_FROZEN; chunk < FIRST_FLOODED; chunk++) {
      byte[] data = NbdClient.await(client.read((long) chunk * CHUNK_BYTES, CHUNK_BYTES));
      assertThat(data)
          .isEqualTo(Sectors.filled((long) chunk * CHUNK_SECTORS, CHUNK_SECTORS, chunk + 1));
    }
    NbdClient.await(client.flush());
  }

  private void assertWritesWait(Server server, long residentAtStart) throws Exception {
    int before = answered.get();
    for (int i = 0; i < FROZEN_S; i++) {
      assertThat(failed.await(1, TimeUnit.SECONDS)).as("a write failed").isFalse();
      assertThat(server.residentBytes()).isLessThan(residentAtStart + MAX_GROWTH_BYTES);
    }
    assertThat(answered.get()).isEqualTo(before);
  }

  private static int[] expected() {
    int[] versions = new int[CHUNKS * CHUNK_SECTORS];
    for (int sector = 0; sector < versions.length; sector++) {
      versions[sector] = sector / CHUNK_SECTORS + 1;
    }
    return versions;
  }
}
