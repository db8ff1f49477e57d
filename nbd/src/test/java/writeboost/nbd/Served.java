package writeboost.nbd;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import writeboost.device.BlockDevice;
import writeboost.device.MemoryDevice;

/** A server on a Unix socket in a folder of its own, for one test. */
final class Served implements AutoCloseable {

  static final int SIZE = 64 << 20;

  final HeldDevice device;
  final NbdServer server;
  final UnixDomainSocketAddress address;
  private final Path folder;

  Served() throws IOException {
    this(
        new MemoryDevice(SIZE), new Export("disk", "a disk in RAM", false), ServerOptions.DEFAULTS);
  }

  Served(ServerOptions options) throws IOException {
    this(new MemoryDevice(SIZE), new Export("disk", "a disk in RAM", false), options);
  }

  Served(BlockDevice behind, Export export, ServerOptions options) throws IOException {
    device = new HeldDevice(behind);
    server = NbdServer.start(device, export, options);
    folder = Files.createTempDirectory("nbd");
    address = UnixDomainSocketAddress.of(folder.resolve("s"));
    server.listen(address);
  }

  RawClient client() throws IOException {
    return RawClient.ready(address);
  }

  /** One more place to connect to: TCP, on this machine. */
  InetSocketAddress listenTcp() throws IOException {
    InetSocketAddress any = new InetSocketAddress("localhost", 0);
    return (InetSocketAddress) server.listen(any).getLocalAddress();
  }

  /** For real clients. */
  String uri() {
    return "nbd+unix:///?socket=" + address.getPath();
  }

  @Override
  public void close() throws IOException {
    device.letGo();
    boolean ended = server.close(Duration.ofSeconds(10));
    Files.deleteIfExists(address.getPath());
    Files.delete(folder);
    if (!ended) {
      throw new AssertionError("connections are left: " + server.connections());
    }
    device.close();
  }
}
