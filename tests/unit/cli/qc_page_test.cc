#include "coordinator/cli/qc_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "coordinator/cli/qc_plot.h"
#include "proto/conversions.h"

namespace stereofarm {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

v1::JobStatus Status() {
  JobSettings settings;
  settings.input = "/films/<b>\"Tom & Jerry\"</b>.mov";
  settings.outputs = {{Layout::kSbs, "/films/out.mkv"}};
  settings.seam_gate_percent = 0.1;
  v1::JobStatus status;
  status.set_job("j1");
  status.set_state("done");
  status.set_frames(100);
  *status.mutable_settings() = ToProto(settings);
  v1::ShotStatus* shot = status.add_shots();
  shot->set_end(100);
  shot->set_reconciled(true);
  shot->set_depth_low(0.1);
  shot->set_depth_high(0.9);
  shot->set_measured(0.62);
  v1::ShotStatus* later = status.add_shots();
  later->set_begin(100);
  later->set_end(110);
  for (const int64_t begin : {0, 50}) {
    v1::ShardStatus* shard = status.add_shards();
    shard->set_core_begin(begin);
    shard->set_core_end(begin + 50);
    shard->set_full_begin(begin == 0 ? 0 : 34);
    shard->set_full_end(begin == 0 ? 66 : 100);
    shard->set_scale_from(1);
    shard->set_scale_to(begin == 0 ? 1.2 : 0.8);
  }
  v1::SeamStatus* seam = status.add_seams();
  seam->set_frame(50);
  seam->set_residual_percent_of_width(0.25);
  status.add_remarks("look <here>");
  return status;
}

TEST(QcPageTest, TellsOfTheJobItsShotsAndItsBadSeams) {
  const std::string page = QcPage(Status());
  EXPECT_THAT(page, HasSubstr("Depth of job j1"));
  EXPECT_THAT(page, HasSubstr("1 of 1 seams are over the gate"));
  EXPECT_THAT(page, HasSubstr("<tr><td>0</td><td>50</td><td>0.2500</td><td>16</td></tr>"));
  EXPECT_THAT(page, HasSubstr("Shot 0, frames 0 to 99"));
  EXPECT_THAT(page, HasSubstr("Shot 1, frames 100 to 109"));
  EXPECT_THAT(page, HasSubstr("isn't reconciled yet"));
  EXPECT_THAT(page, HasSubstr("stroke-dasharray"));
  EXPECT_THAT(page, HasSubstr("0.1 (far) to 0.9 (near)"));
  EXPECT_THAT(page, HasSubstr("62 % of its depth is measured"));
}

TEST(QcPageTest, NothingInItIsRunOrFetched) {
  const std::string page = QcPage(Status());
  EXPECT_THAT(page, HasSubstr("/films/&lt;b&gt;&quot;Tom &amp; Jerry&quot;&lt;/b&gt;.mov"));
  EXPECT_THAT(page, HasSubstr("look &lt;here&gt;"));
  for (const char* bad : {"<b>", "<here>", "<script", "src=", "href=", "url("}) {
    EXPECT_THAT(page, Not(HasSubstr(bad)));
  }
}

TEST(QcPageTest, AJobWithoutAnythingIsAPageToo) {
  EXPECT_THAT(QcPage({}), HasSubstr("0 seams, none over the gate"));
}

TEST(QcPlotTest, ValuesThatAreNoNumbersAreLeftOut) {
  const std::string plot =
      QcPlot({0, 10}, {{"<n>", {{{0, NAN}, {5, 1.0}}}, {{3, INFINITY}}, std::nullopt}});
  EXPECT_THAT(plot, Not(HasSubstr("nan")));
  EXPECT_THAT(plot, Not(HasSubstr("inf")));
  EXPECT_THAT(plot, HasSubstr("&lt;n&gt;"));
  EXPECT_THAT(QcPlot({5, 5}, {}), HasSubstr("</svg>"));
}

TEST(QcPlotTest, ControlCharactersDoNotPass) { EXPECT_EQ(EscapedHtml("a\n\x01'b"), "a??&#39;b"); }

}  // namespace
}  // namespace stereofarm
