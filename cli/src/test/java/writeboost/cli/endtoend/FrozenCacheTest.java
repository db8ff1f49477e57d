package writeboost.cli.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The cache device stops answering, and somebody wants the server to stop. */
@Timeout(200)
final class FrozenCacheTest {

  private static final int WRITE_BYTES = 1 << 20;

  private Workspace workspace;

  @BeforeEach
  void open() throws Exception {
    workspace = new Workspace();
  }

  @AfterEach
  void close() throws Exception {
    workspace.close();
  }

  /** Either somebody is impatient, or ten seconds pass. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void theServerSaysWhatIsNotSavedAndEnds(int signals) throws Exception {
    FreezingDisk disk = new FreezingDisk(workspace, "64M");
    String backing = workspace.file("backing.img").toString();
    Server server =
        Server.start(workspace, backing, disk.file().toString(), "--backing-size", "64M");
    workspace.atEnd(disk::thaw);
    try (NbdClient client = server.connect()) {
      disk.freeze();
      NbdClient.await(client.write(0, new byte[WRITE_BYTES], false));
    }
    server.signal();
    server.awaitLog("stopping");
    if (signals == 2) {
      server.signal();
    }
    server.awaitLog("not saved");
    assertThat(server.log()).contains(signals == 2 ? "second signal came" : "not answered");
    disk.thaw(); // the system does not let go of a process before its I/O is answered
    assertThat(server.awaitEnd()).as(server::log).isEqualTo(1);
    assertThat(server.log()).contains(disk.file() + ": ");
  }
}
