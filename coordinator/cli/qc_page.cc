#include "coordinator/cli/qc_page.h"

#include <algorithm>
#include <map>
#include <vector>

#include "absl/strings/str_format.h"
#include "coordinator/cli/qc_plot.h"
#include "proto/conversions.h"

namespace stereofarm {
namespace {

constexpr char kHead[] = R"html(<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>)html";
constexpr char kStyle[] = R"html(</title><style>
body { font-family: sans-serif; max-width: 1000px; margin: 24px auto; color: #222; background: #fff; }
table { border-collapse: collapse; } td, th { padding: 3px 14px 3px 0; text-align: left; vertical-align: top; }
h2 { margin-top: 32px; font-size: 1.1em; } .bad { color: #c02020; } svg { max-width: 100%; height: auto; }
</style></head><body>
)html";

std::string Row(const std::string& name, const std::string& value) {
  return "<tr><th>" + EscapedHtml(name) + "</th><td>" + EscapedHtml(value) + "</td></tr>\n";
}

std::string JobTable(const v1::JobStatus& status, double gate) {
  const v1::JobSettings& settings = status.settings();
  std::string html = "<table>\n";
  html += Row("film", settings.input());
  for (const v1::OutputSpec& output : settings.outputs()) {
    html += Row(output.layout(), output.file());
  }
  html += Row("state", status.state());
  if (!status.error().empty()) html += Row("error", status.error());
  html += Row("frames", absl::StrFormat("%d in %d shot%s", status.frames(), status.shots_size(),
                                        status.shots_size() == 1 ? "" : "s"));
  html += Row("depth", settings.depth());
  html += Row("budget, convergence",
              absl::StrFormat("%g %% of picture width, %g", settings.budget_percent(),
                              settings.convergence()));
  html += Row("shards, overlap",
              absl::StrFormat("%d frames, %d", settings.shard_frames(), settings.overlap()));
  if (settings.cut_jump_percent() > 0) {
    html += Row("jump at cuts",
                absl::StrFormat("at most %g %% of picture width", settings.cut_jump_percent()));
  }
  html += Row("gate of seams", gate > 0 ? absl::StrFormat("%g %% of picture width", gate) : "none");
  html +=
      Row("time", absl::StrFormat("%.1f s, %d tasks run, %d results of before used",
                                  status.seconds(), status.tasks().run(), status.tasks().reused()));
  for (const std::string& remark : status.remarks()) html += Row("remark", remark);
  return html + "</table>\n";
}

// The overlap that the shards on both sides of a seam have by now.
int64_t OverlapAt(const v1::JobStatus& status, int64_t frame) {
  int64_t overlap = 0;
  for (const v1::ShardStatus& shard : status.shards()) {
    if (shard.core_end() == frame) overlap = std::max(overlap, shard.full_end() - frame);
    if (shard.core_begin() == frame) overlap = std::max(overlap, frame - shard.full_begin());
  }
  return overlap;
}

std::string FlaggedTable(const v1::JobStatus& status, double gate) {
  std::vector<v1::SeamStatus> flagged;
  for (const v1::SeamStatus& seam : status.seams()) {
    if (gate > 0 && seam.residual_percent_of_width() > gate) flagged.push_back(seam);
  }
  if (flagged.empty()) {
    return absl::StrFormat("<p>%d seams, none over the gate.</p>\n", status.seams_size());
  }
  std::stable_sort(flagged.begin(), flagged.end(), [](const auto& a, const auto& b) {
    return a.residual_percent_of_width() > b.residual_percent_of_width();
  });
  std::string html = absl::StrFormat(
      "<p class=\"bad\">%d of %d seams are over the gate.</p>\n<table><tr><th>shot</th>"
      "<th>frame</th><th>difference, %% of width</th><th>overlap, frames</th></tr>\n",
      flagged.size(), status.seams_size());
  for (const v1::SeamStatus& seam : flagged) {
    html += absl::StrFormat("<tr><td>%d</td><td>%d</td><td>%.4f</td><td>%d</td></tr>\n",
                            seam.shot(), seam.frame(), seam.residual_percent_of_width(),
                            OverlapAt(status, seam.frame()));
  }
  return html + "</table>\n";
}

std::string ShotPart(const v1::JobStatus& status, int number, double gate) {
  const v1::ShotStatus& shot = status.shots(number);
  const FrameRange frames{shot.begin(), shot.end()};
  std::string html =
      absl::StrFormat("<h2>Shot %d, frames %d to %d</h2>\n", number, shot.begin(), shot.end() - 1);
  if (!shot.reconciled()) return html + "<p>Its depth isn't reconciled yet.</p>\n";
  html += absl::StrFormat("<p>Range of the aligned depth: %.5g (far) to %.5g (near).</p>\n",
                          shot.depth_low(), shot.depth_high());
  html += absl::StrFormat("<p>%.0f %% of its depth is measured, the rest is guessed.</p>\n",
                          100 * shot.measured());
  if (shot.has_cut()) {
    html += absl::StrFormat(
        "<p>At the cut before it depth jumps by %.2f %% of picture width (%.2f %% uneased).</p>\n",
        shot.cut().jump_percent_of_width(), shot.cut().uneased_jump_percent_of_width());
  }
  QcGraph scale{.name = "scale of the raw depth"};
  QcGraph shift{.name = "shift"};
  QcGraph range{.name = "range of the aligned depth, far and near"};
  QcGraph seams{.name = "difference at seams, % of picture width"};
  if (gate > 0) seams.limit = gate;
  for (const v1::ShardStatus& shard : status.shards()) {
    if (!frames.Contains(shard.core_begin())) continue;
    const double from = static_cast<double>(shard.full_begin());
    const double size = std::max(1.0, static_cast<double>(shard.full_end()) - from);
    std::vector<std::pair<double, double>> scales, shifts;
    for (const int64_t frame : {shard.core_begin(), shard.core_end()}) {
      const auto at = static_cast<double>(frame);
      const double part = (at - from) / size;
      scales.emplace_back(at, shard.scale_from() + part * (shard.scale_to() - shard.scale_from()));
      shifts.emplace_back(at, shard.shift_from() + part * (shard.shift_to() - shard.shift_from()));
    }
    scale.lines.push_back(std::move(scales));
    shift.lines.push_back(std::move(shifts));
  }
  const auto begin = static_cast<double>(frames.begin);
  const auto end = static_cast<double>(frames.end);
  range.lines = {{{begin, shot.depth_low()}, {end, shot.depth_low()}},
                 {{begin, shot.depth_high()}, {end, shot.depth_high()}}};
  for (const v1::SeamStatus& seam : status.seams()) {
    if (seam.shot() != number) continue;
    seams.bars.emplace_back(static_cast<double>(seam.frame()), seam.residual_percent_of_width());
  }
  return html + QcPlot(frames, {scale, shift, range, seams});
}

}  // namespace

std::string QcPage(const v1::JobStatus& status) {
  const absl::StatusOr<JobSettings> settings = FromProto(status.settings());
  const double gate = settings.ok() ? settings->seam_gate_percent : 0;
  std::string html = kHead + EscapedHtml("Depth of job " + status.job()) + kStyle;
  html += "<h1>Depth of job " + EscapedHtml(status.job()) + "</h1>\n";
  html += JobTable(status, gate);
  html += "<h2>Seams over the gate</h2>\n" + FlaggedTable(status, gate);
  for (int i = 0; i < status.shots_size(); ++i) html += ShotPart(status, i, gate);
  return html + "</body></html>\n";
}

}  // namespace stereofarm
