#include "coordinator/cli/job_text.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "common/base/byte_size.h"
#include "coordinator/cli/jobs_client.h"
#include "coordinator/cli/progress_meter.h"
#include "coordinator/cli/text_table.h"

namespace stereofarm {
namespace {

// Seams named one by one in a status.
constexpr size_t kSeamsShown = 5;

// The stage that a running job works at: the first that isn't finished.
std::string StageText(const v1::JobStatus& status) {
  for (const v1::StageProgress& stage : status.stages()) {
    if (stage.frames_total() > 0 && stage.frames_done() < stage.frames_total()) {
      return absl::StrFormat("%s %d/%d", stage.stage(), stage.frames_done(), stage.frames_total());
    }
  }
  return "-";
}

std::string StateText(const v1::JobStatus& status) {
  return status.paused() && !HasEnded(status) ? status.state() + ", paused" : status.state();
}

std::string OutputText(const v1::JobStatus& status) {
  const auto& outputs = status.settings().outputs();
  if (outputs.empty()) return "";
  return outputs.size() == 1 ? outputs[0].file()
                             : absl::StrFormat("%s +%d", outputs[0].file(), outputs.size() - 1);
}

std::string SeamsText(const v1::JobStatus& status) {
  if (status.seams().empty()) return "";
  std::vector<v1::SeamStatus> seams(status.seams().begin(), status.seams().end());
  std::stable_sort(seams.begin(), seams.end(), [](const auto& a, const auto& b) {
    return a.residual_percent_of_width() > b.residual_percent_of_width();
  });
  std::string text =
      absl::StrFormat("seams    %d, the worst (percent of the width):\n", seams.size());
  for (size_t i = 0; i < std::min(seams.size(), kSeamsShown); ++i) {
    text +=
        absl::StrFormat("           %.4f at frame %d, shot %d\n",
                        seams[i].residual_percent_of_width(), seams[i].frame(), seams[i].shot());
  }
  return text;
}

}  // namespace

std::string JobsText(const v1::ListReply& reply) {
  if (reply.jobs().empty()) return "no jobs\n";
  std::vector<std::vector<std::string>> rows = {
      {"JOB", "STATE", "FRAMES", "TIME", "STAGE", "OUTPUT"}};
  for (const v1::JobStatus& job : reply.jobs()) {
    rows.push_back({job.job(), StateText(job), absl::StrFormat("%d", job.frames()),
                    DurationText(job.seconds()), StageText(job), OutputText(job)});
  }
  return TextTable(rows);
}

std::string StatusText(const v1::JobStatus& status) {
  std::string text = absl::StrFormat("job      %s\nstate    %s\n", status.job(), StateText(status));
  if (!status.error().empty()) text += absl::StrFormat("error    %s\n", status.error());
  if (!status.hold().empty()) text += absl::StrFormat("waits    %s\n", status.hold());
  if (status.priority() != 0) text += absl::StrFormat("priority %d\n", status.priority());
  if (status.max_workers() > 0) {
    text += absl::StrFormat("workers  at most %d at the same time\n", status.max_workers());
  }
  if (!status.tags().empty()) {
    text += absl::StrFormat("tags     %s\n", absl::StrJoin(status.tags(), ","));
  }
  text += absl::StrFormat("input    %s\n", status.settings().input());
  for (const v1::OutputSpec& output : status.settings().outputs()) {
    text += absl::StrFormat("output   %s (%s)\n", output.file(), output.layout());
  }
  for (const v1::ExportSpec& each : status.settings().exports()) {
    text += absl::StrFormat("depth    %s (%s)\n", each.folder(), each.format());
  }
  text += absl::StrFormat("frames   %d, %s until now\n", status.frames(),
                          DurationText(status.seconds()));
  for (const v1::StageProgress& stage : status.stages()) {
    if (stage.frames_total() <= 0) continue;
    text += absl::StrFormat("stage    %-9s %d of %d frames", stage.stage(), stage.frames_done(),
                            stage.frames_total());
    text += stage.tasks_running() > 0
                ? absl::StrFormat(", %d tasks running\n", stage.tasks_running())
                : "\n";
  }
  const v1::TaskCounts& tasks = status.tasks();
  text += absl::StrFormat(
      "tasks    %d: %d done, %d running, %d ready, %d waiting, %d failed; %d run and %d reused\n",
      tasks.total(), tasks.done(), tasks.leased(), tasks.ready(), tasks.waiting(), tasks.failed(),
      tasks.run(), tasks.reused());
  if (!status.shots().empty()) {
    const auto reconciled = std::count_if(status.shots().begin(), status.shots().end(),
                                          [](const auto& shot) { return shot.reconciled(); });
    text +=
        absl::StrFormat("shots    %d, %d of them with depth\n", status.shots().size(), reconciled);
  }
  for (const v1::MissingRange& missing : status.missing()) {
    text += absl::StrFormat("missing  frames %d to %d: %s\n", missing.begin(), missing.end() - 1,
                            missing.error());
  }
  text += SeamsText(status);
  for (const std::string& remark : status.remarks()) {
    text += absl::StrFormat("remark   %s\n", remark);
  }
  return text;
}

std::string WorkersText(const v1::ListWorkersReply& reply) {
  if (reply.workers().empty()) return "no workers\n";
  std::vector<std::vector<std::string>> rows = {
      {"WORKER", "NAME", "DEVICE", "STATE", "TASK", "TAGS"}};
  for (const v1::WorkerStatus& worker : reply.workers()) {
    std::string task =
        worker.task().empty() ? "-" : absl::StrFormat("%s %s", worker.job(), worker.task());
    if (!worker.reason().empty()) task = worker.reason();
    rows.push_back({worker.worker(), worker.name(), worker.device(), worker.state(), task,
                    worker.tags().empty() ? "-" : absl::StrJoin(worker.tags(), ",")});
  }
  return TextTable(rows);
}

std::string DiskNeedText(const v1::SubmitReply& reply) {
  return absl::StrFormat("it needs about %s for what lies in the store meanwhile, %s for the film",
                         BytesText(reply.store_bytes()), BytesText(reply.output_bytes()));
}

}  // namespace stereofarm
