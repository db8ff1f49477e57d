package writeboost.volume;

/**
 * Numbers of one moment.
 *
 * @param dirtyLines lines that are not on the backing device for good
 * @param linesDirtied lines that have become dirty in this life
 * @param oldestDirtySeconds for how long the oldest dirty data has been dirty, or since the start
 *     where it was found then; -1 where nothing is dirty
 * @param segments slots of the cache device
 * @param writtenBackId newest segment that is written back, with all before it
 * @param durableId newest segment that is closed and durable, with all before it
 * @param newestId newest segment that was opened; the current one, if any is open
 * @param cursor where the next line goes: its slot times lines per slot, plus its index in the
 *     segment
 * @param pieces how many pieces of each kind there were
 * @param tunables what is set
 * @param batchedSegments that write-back takes at once just now
 * @param backingLoad how busy the backing device was with others than write-back in the last second
 *     that is known, in percent; -1 where none is
 * @param suspended requests wait until the volume goes on
 * @param durablePosition everything before this position of the log is durable
 * @param unsavedBytes of lines that are not durable
 * @param bytesLogged bytes written to segments in this life
 * @param flushes flushes of the cache device in this life
 * @param linesWrittenBack lines written to the backing device in this life
 * @param damagedLines dirty lines that could not be read from the cache device, or were damaged: as
 *     many as write-back has found so far or, if these are more, as clients' reads have found and
 *     are so still
 * @param refusedLines lines that the backing device refused for good
 * @param copiedForwardLines such lines that have been copied out of the way
 * @param lostSectors sectors given up because their line was damaged
 * @param sweptAll write-back has had its turn with every segment; lines that are dirty still cannot
 *     be written back
 * @param backingTrouble why write-back does not get on, or empty
 * @param health how the volume is
 */
public record Snapshot(
    long dirtyLines,
    long linesDirtied,
    long oldestDirtySeconds,
    int segments,
    long writtenBackId,
    long durableId,
    long newestId,
    long cursor,
    Pieces pieces,
    Tunables tunables,
    int batchedSegments,
    int backingLoad,
    boolean suspended,
    long durablePosition,
    long unsavedBytes,
    long bytesLogged,
    long flushes,
    long linesWrittenBack,
    long damagedLines,
    long refusedLines,
    long copiedForwardLines,
    long lostSectors,
    boolean sweptAll,
    String backingTrouble,
    Health health) {

  /** Why the volume has failed, or empty. */
  public String failure() {
    return health.state() == Health.State.FAILED ? health.reason() : "";
  }

  /** Whether the backing device has everything, for good. */
  public boolean isDrained() {
    return sweptAll && dirtyLines == 0;
  }
}
