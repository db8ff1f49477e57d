package writeboost.bench;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import writeboost.device.BlockDevice;
import writeboost.device.Blocking;
import writeboost.nbd.ClientOptions;
import writeboost.nbd.NbdAddress;
import writeboost.nbd.NbdDevice;

/**
 * Clients, a thread each, that write a block somewhere, flush it, and go on to the next one, as
 * databases do. A request is a write with its flush. One thread starts them and waits for them.
 *
 * <p>Not fio: its nbd engine sleeps a millisecond in each flush, whoever the server is.
 */
final class FlushingClients implements AutoCloseable {

  private static final int BLOCK = Load.BLOCK_BYTES;

  /** In nanoseconds. What takes longer counts as this. */
  private static final long LONGEST = TimeUnit.MINUTES.toNanos(10);

  private final List<BlockDevice> devices;
  private final boolean own;
  private final SplittableRandom random = new SplittableRandom(1);

  private FlushingClients(List<BlockDevice> devices, boolean own) {
    this.devices = devices;
    this.own = own;
  }

  /** Each with a connection of its own. */
  static FlushingClients of(Server server, int count) throws IOException {
    FlushingClients clients = new FlushingClients(new ArrayList<>(), true);
    try {
      for (int i = 0; i < count; i++) {
        clients.devices.add(
            NbdDevice.connect(NbdAddress.parse(server.uri()), ClientOptions.DEFAULTS));
      }
    } catch (IOException e) {
      clients.close();
      throw e;
    }
    return clients;
  }

  /** All on one device, which the caller closes. */
  static FlushingClients of(BlockDevice device, int count) {
    return new FlushingClients(Collections.nCopies(count, device), false);
  }

  /**
   * Runs all of them at once, until the time is over or so much is written.
   *
   * @param spanBytes they write anywhere in it
   */
  Run run(long spanBytes, long seconds, long bytes) throws IOException {
    List<CompletableFuture<Histogram>> running = new ArrayList<>();
    long beginNs = System.nanoTime();
    for (BlockDevice device : devices) {
      Client client =
          new Client(
              new Blocking(device, "volume"),
              random.split(),
              spanBytes / BLOCK,
              beginNs + TimeUnit.SECONDS.toNanos(seconds),
              bytes / BLOCK / devices.size());
      CompletableFuture<Histogram> done = new CompletableFuture<>();
      Thread.ofPlatform().daemon().name("client").start(() -> client.run(done));
      running.add(done);
    }
    Histogram latencies = new Histogram(LONGEST, 3);
    try {
      running.forEach(client -> latencies.add(client.join()));
    } catch (CompletionException e) {
      throw new IOException("a client failed: " + e.getMessage(), e);
    }
    return figures(latencies, (System.nanoTime() - beginNs) / 1e9);
  }

  /** The same; the figures have the server's CPU time. */
  Run run(Server server, long spanBytes, long seconds, long bytes) throws IOException {
    long before = server.cpuTime().toNanos();
    Run run = run(spanBytes, seconds, bytes);
    return run.withCpu(server.cpuTime().toNanos() - before);
  }

  private static Run figures(Histogram latencies, double seconds) {
    long requests = latencies.getTotalCount();
    Map<Metric, Double> figures = new EnumMap<>(Metric.class);
    figures.put(Metric.IOPS, requests / seconds);
    figures.put(Metric.MEGABYTES_PER_S, requests * BLOCK / seconds / 1e6);
    figures.put(Metric.P50_MICROS, latencies.getValueAtPercentile(50) / 1e3);
    figures.put(Metric.P99_MICROS, latencies.getValueAtPercentile(99) / 1e3);
    figures.put(Metric.P999_MICROS, latencies.getValueAtPercentile(99.9) / 1e3);
    return new Run(requests, figures);
  }

  @Override
  public void close() {
    if (own) {
      devices.forEach(BlockDevice::close);
    }
  }

  /** What one of them does, until a time or for so many writes. */
  private record Client(
      Blocking device, SplittableRandom random, long blocks, long endNs, long writes) {

    void run(CompletableFuture<Histogram> done) {
      Histogram latencies = new Histogram(LONGEST, 3);
      try (Arena arena = Arena.ofShared()) {
        MemorySegment data = arena.allocate(BLOCK, BLOCK);
        long beginNs = System.nanoTime();
        for (long i = 0; i < writes && beginNs < endNs; i++) {
          device.write(random.nextLong(blocks) * BLOCK, data);
          device.flush();
          long now = System.nanoTime();
          latencies.recordValue(Math.min(LONGEST, now - beginNs));
          beginNs = now;
        }
        done.complete(latencies);
      } catch (IOException | RuntimeException e) {
        done.completeExceptionally(e);
      }
    }
  }
}
