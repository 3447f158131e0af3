#include "coordinator/cli/job_reporter.h"

#include <stdio.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_format.h"
#include "common/farm/job_settings.h"
#include "coordinator/cli/job_json.h"
#include "coordinator/cli/job_text.h"

namespace stereofarm {
namespace {

constexpr int64_t kLinePauseMicros = 5'000'000;
constexpr double kLineShare = 0.1;
constexpr int64_t kDrawPauseMicros = 200'000;
// What holds a job for less than this isn't worth a word.
constexpr int64_t kHoldMicros = 1'500'000;

void Print(const std::string& text) {
  fwrite(text.data(), 1, text.size(), stdout);
  fflush(stdout);
}

void PrintLine(const std::string& line) { Print(line + "\n"); }

// Why a job stands still, once it has done so for a while.
class HoldWatch {
 public:
  void Update(const v1::JobStatus& status, int64_t now_micros) {
    if (status.hold() != hold_) since_ = now_micros;
    hold_ = status.hold();
  }
  // Empty: it goes on.
  std::string Text(int64_t now_micros) const {
    return hold_.empty() || now_micros - since_ < kHoldMicros ? "" : "waiting: " + hold_;
  }

 private:
  std::string hold_;
  int64_t since_ = 0;
};

class QuietReporter : public JobReporter {
 public:
  void Update(const v1::JobStatus&, int64_t) override {}
  void Done(const v1::JobStatus&, int64_t) override {}
  void AlreadyDone(const std::string&) override {}
  void Warn(const std::string&) override {}
};

// For people: a summary at the end.
class TextReporter : public JobReporter {
 public:
  void Begun(const v1::SubmitReply& reply) override { PrintLine(DiskNeedText(reply)); }
  void Done(const v1::JobStatus& status, int64_t) override {
    for (const std::string& line : SummaryLines(status)) PrintLine(line);
  }
  void AlreadyDone(const std::string& output) override {
    PrintLine(output + " is this job's finished film already; nothing to do");
  }
};

class BarReporter : public TextReporter {
 public:
  void Update(const v1::JobStatus& status, int64_t now_micros) override {
    if (!started_) started_ = now_micros;
    progress_ = meter_.Update(status, now_micros);
    hold_.Update(status, now_micros);
    if (now_micros - drawn_ >= kDrawPauseMicros) Draw(now_micros);
  }
  void Tick(int64_t now_micros) override {
    if (started_) Draw(now_micros);
  }
  void Done(const v1::JobStatus& status, int64_t now_micros) override {
    if (started_) {
      progress_ = meter_.Update(status, now_micros);
      Draw(now_micros);
    }
    TextReporter::Done(status, now_micros);
  }

 private:
  void Draw(int64_t now_micros) {
    drawn_ = now_micros;
    const double seconds = static_cast<double>(now_micros - *started_) / 1e6;
    const int columns = TerminalColumns(STDOUT_FILENO);
    std::vector<std::string> lines = ProgressBars(progress_, seconds, columns);
    if (const std::string hold = hold_.Text(now_micros); !hold.empty()) {
      lines.push_back(hold.substr(0, static_cast<size_t>(std::max(1, columns - 1))));
    }
    Print(block_.Redraw(lines));
  }

  ProgressMeter meter_;
  HoldWatch hold_;
  Progress progress_;
  TerminalBlock block_;
  std::optional<int64_t> started_;
  int64_t drawn_ = 0;
};

class LineReporter : public TextReporter {
 public:
  void Update(const v1::JobStatus& status, int64_t now_micros) override {
    hold_.Update(status, now_micros);
    const std::string hold = hold_.Text(now_micros);
    if (!hold.empty() && hold != said_hold_) PrintLine(hold);
    said_hold_ = hold;
    for (const StageState& stage : meter_.Update(status, now_micros).stages) {
      if (stage.total <= 0 || stage.done == 0) continue;
      const auto [found, is_new] = said_.try_emplace(stage.stage);
      Said& said = found->second;
      if (!is_new && stage.done == said.done && stage.finished() == said.finished) continue;
      const bool due = is_new || stage.finished() || stage.share() - said.share >= kLineShare ||
                       now_micros - said.micros >= kLinePauseMicros;
      if (!due) continue;
      said = {stage.done, stage.share(), now_micros, stage.finished()};
      PrintLine(ProgressLine(stage));
    }
  }

 private:
  struct Said {
    int64_t done = 0;
    double share = 0;
    int64_t micros = 0;
    bool finished = false;
  };
  ProgressMeter meter_;
  HoldWatch hold_;
  std::string said_hold_;
  std::map<std::string, Said> said_;
};

class JsonReporter : public JobReporter {
 public:
  void Update(const v1::JobStatus& status, int64_t now_micros) override {
    const Progress progress = meter_.Update(status, now_micros);
    for (const StageState& stage : progress.stages) {
      if (stage.total <= 0) continue;
      const auto counts = std::pair(stage.done, stage.total);
      const auto [said, is_new] = said_.try_emplace(stage.stage, counts);
      if (!is_new && std::exchange(said->second, counts) == counts) continue;
      PrintLine(ProgressJson(status, stage, progress.seconds_left));
    }
  }
  void Done(const v1::JobStatus& status, int64_t) override { PrintLine(OutcomeJson(status)); }
  void AlreadyDone(const std::string& output) override {
    v1::JobStatus status;
    status.mutable_settings()->add_outputs()->set_file(output);
    PrintLine(OutcomeJson(status));
  }

 private:
  ProgressMeter meter_;
  std::map<std::string, std::pair<int64_t, int64_t>> said_;
};

std::string LayoutText(const std::string& layout) {
  const auto parsed = ParseLayout(layout);
  switch (parsed.ok() ? *parsed : Layout::kSbs) {
    case Layout::kSbs:
      return "side by side, full width";
    case Layout::kHalfSbs:
      return "side by side, half width";
    case Layout::kTab:
      return "top and bottom, full height";
    case Layout::kHalfTab:
      return "top and bottom, half height";
    case Layout::kAnaglyph:
      return "red-cyan anaglyph";
    case Layout::kLeft:
      return "the left eye";
    case Layout::kRight:
      return "the right eye";
    case Layout::kDepth:
      return "depth, near is bright";
    case Layout::kGrid:
      return "both eyes, depth and anaglyph in a grid";
  }
  return layout;
}

std::string Packed(const std::string& packing, const std::string& file) {
  return absl::StrFormat(
      "to watch it: a 3D screen or headset, or with red-cyan glasses: ffplay -vf "
      "stereo3d=%s:arcd '%s'",
      packing, file);
}

// How to look at a film of this layout; empty where there's nothing to say.
std::string WatchText(const v1::OutputSpec& output) {
  const auto layout = ParseLayout(output.layout());
  switch (layout.ok() ? *layout : Layout::kLeft) {
    case Layout::kSbs:
      return Packed("sbsl", output.file());
    case Layout::kHalfSbs:
      return Packed("sbs2l", output.file());
    case Layout::kTab:
      return Packed("abl", output.file());
    case Layout::kHalfTab:
      return Packed("ab2l", output.file());
    case Layout::kAnaglyph:
      return "to watch it: any player, and red-cyan glasses";
    default:
      return "";
  }
}

}  // namespace

void JobReporter::Warn(const std::string& sentence) {
  fprintf(stderr, "stereofarm: %s\n", sentence.c_str());
}

ReportMode ChooseReportMode(bool json, bool quiet) {
  if (json) return ReportMode::kJson;
  if (quiet) return ReportMode::kQuiet;
  return isatty(STDOUT_FILENO) != 0 ? ReportMode::kBars : ReportMode::kLines;
}

std::unique_ptr<JobReporter> NewJobReporter(ReportMode mode) {
  switch (mode) {
    case ReportMode::kBars:
      return std::make_unique<BarReporter>();
    case ReportMode::kLines:
      return std::make_unique<LineReporter>();
    case ReportMode::kJson:
      return std::make_unique<JsonReporter>();
    case ReportMode::kQuiet:
      return std::make_unique<QuietReporter>();
  }
  return nullptr;
}

std::vector<std::string> SummaryLines(const v1::JobStatus& status) {
  std::vector<std::string> lines;
  for (const v1::OutputSpec& output : status.settings().outputs()) {
    lines.push_back(absl::StrFormat("%s: %s", output.file(), LayoutText(output.layout())));
  }
  std::string work =
      absl::StrFormat("%d frames in %s", status.frames(), DurationText(status.seconds()));
  if (status.seconds() > 0) {
    work += absl::StrFormat(", %.1f fps", static_cast<double>(status.frames()) / status.seconds());
  }
  if (status.tasks().reused() > 0) {
    work += absl::StrFormat("; %d of %d tasks were done before", status.tasks().reused(),
                            status.tasks().reused() + status.tasks().run());
  }
  lines.push_back(work);
  for (const std::string& remark : status.remarks()) lines.push_back("remark: " + remark);
  const auto worst = std::max_element(
      status.seams().begin(), status.seams().end(), [](const auto& a, const auto& b) {
        return a.residual_percent_of_width() < b.residual_percent_of_width();
      });
  if (worst != status.seams().end()) {
    lines.push_back(absl::StrFormat("worst seam: %.3f %% of the width, at frame %d",
                                    worst->residual_percent_of_width(), worst->frame()));
  }
  if (!status.settings().outputs().empty()) {
    const std::string watch = WatchText(status.settings().outputs(0));
    if (!watch.empty()) lines.push_back(watch);
  }
  return lines;
}

}  // namespace stereofarm
