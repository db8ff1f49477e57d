package writeboost.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
import writeboost.cli.control.ControlRequest;
import writeboost.volume.Tunable;

/** {@code writeboost message}: changes how a running server works. Runs on the main thread. */
@Command(
    name = "message",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    sortOptions = false,
    customSynopsis = {
      "writeboost message [--control=PATH] [NAME] KEY VALUE",
      "       writeboost message [--control=PATH] [NAME] clear_stat|drop_caches"
    },
    description =
        "Sets a tunable of a running server, sets its counters to zero (clear_stat), or writes"
            + " everything back (drop_caches).",
    footerHeading = "%nExamples:%n",
    footer = {
      "  writeboost message migrate_threshold 50",
      "  writeboost message home nr_max_batched_migration 64",
      "  writeboost message home clear_stat",
      "  Until all is on the backing device; Ctrl-C gives up:",
      "    writeboost message home drop_caches",
      "",
      "Tunables, and their names in dm-writeboost 2.2: allow_migrate",
      "(allow_writeback) 0..1, enable_migration_modulator",
      "(enable_writeback_modulator) 0..1, migrate_threshold (writeback_threshold)",
      "0..100 %%, nr_max_batched_migration (nr_max_batched_writeback) 1..1024",
      "segments, barrier_deadline_ms 0..1000, update_record_interval",
      "(update_sb_record_interval) 0..3600 s, sync_interval (sync_data_interval)",
      "0..3600 s.",
      "Exit codes: 0 ok, 1 failure, 2 usage."
    })
final class MessageCommand implements Callable<Integer> {

  @Parameters(
      arity = "0..3",
      paramLabel = "[NAME] KEY [VALUE]",
      hideParamSyntax = true,
      description = "Which server (may be left out if only one runs), what to set, and to what.")
  private List<String> words = new ArrayList<>();

  @Mixin private final RunningServer.Choice choice = new RunningServer.Choice();

  @Override
  public Integer call() throws CommandFailure {
    String last = words.isEmpty() ? "" : words.getLast();
    boolean alone = last.equals(ServedVolume.CLEAR_STAT) || last.equals(ServedVolume.DROP_CACHES);
    int own = alone ? 1 : 2;
    if (words.size() < own || words.size() > own + 1) {
      throw CommandFailure.usage(
          "a message is [NAME] KEY VALUE, [NAME] %s or [NAME] %s; see 'writeboost message --help'"
              .formatted(ServedVolume.CLEAR_STAT, ServedVolume.DROP_CACHES));
    }
    @Nullable String name = words.size() > own ? words.getFirst() : null;
    String key = words.get(words.size() - own);
    if (!alone && name == null && Tunable.find(key) == null && Tunable.find(last) != null) {
      throw CommandFailure.usage(
          "%s: the value is missing; give %s %s VALUE".formatted(last, key, last));
    }
    if (key.equals(ServedVolume.DROP_CACHES)) {
      return new DrainRun(choice.path(name), ControlRequest.of("message", Map.of("key", key)))
          .run();
    }
    ControlRequest request =
        alone
            ? ControlRequest.of("message", Map.of("key", key))
            : ControlRequest.of(
                "message", Map.of("key", key, "value", TunableSetting.value(key, last)));
    try (RunningServer server = choice.connect(name)) {
      server.ask(request);
      return 0;
    }
  }
}
