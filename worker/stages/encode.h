#ifndef STEREOFARM_WORKER_STAGES_ENCODE_H_
#define STEREOFARM_WORKER_STAGES_ENCODE_H_

#include <memory>
#include <string>

#include "worker/stages/film_frame.h"
#include "worker/stages/stream.h"
#include "worker/stages/task_run.h"

namespace stereofarm {

// "segment.0.mov": of the job's first output.
std::string SegmentFileName(size_t output, const std::string& codec);

// Packs and encodes the core's frames into one segment for each output of the job, then checks that
// each has them all. Writes the job's exports of depth beside them.
absl::Status EncodeSegments(std::unique_ptr<Stream<FilmFrame>> frames, TaskRun* run);

}  // namespace stereofarm

#endif  // STEREOFARM_WORKER_STAGES_ENCODE_H_
