#include "tests/unit/media/made_films.h"

#include <algorithm>

#include "tests/support/test_data.h"

namespace stereofarm {
namespace fs = std::filesystem;

#define SOURCE "-f lavfi -i testsrc2=s=192x128:r=25:d=3 "
#define SHORT "-f lavfi -i testsrc2=s=192x128:r=25:d=1 "

const std::vector<MadeFilm>& MadeFilms() {
  static const std::vector<MadeFilm> films = {
      {"open_gop.mp4", SOURCE "-c:v libx264 -g 12 -bf 3 -x264-params open-gop=1"},
      {"open_gop.mkv", SOURCE "-c:v libx264 -g 12 -bf 3 -x264-params open-gop=1:b-pyramid=normal"},
      {"open_gop.ts", SOURCE "-c:v libx264 -g 12 -bf 3 -x264-params open-gop=1"},
      {"intra_refresh.ts", SOURCE "-c:v libx264 -g 15 -bf 0 -x264-params intra-refresh=1"},
      {"open_gop_hevc.mkv",
       SOURCE "-c:v libx265 -x265-params log-level=none:open-gop=1:keyint=12:bframes=3"},
      {"open_gop_hevc.mp4",
       SOURCE "-c:v libx265 -x265-params log-level=none:open-gop=1:keyint=12:bframes=3"},
      {"open_gop_hevc.ts",
       SOURCE "-c:v libx265 -x265-params log-level=none:open-gop=1:keyint=12:bframes=3"},
      {"raw.h264", SOURCE "-c:v libx264 -g 12 -bf 3"},
      {"raw.hevc", SOURCE "-c:v libx265 -x265-params log-level=none:keyint=12:bframes=3"},
      {"mpeg2.ts", SOURCE "-c:v mpeg2video -g 12 -bf 2"},
      {"mpeg2.mpg", SOURCE "-c:v mpeg2video -g 12 -bf 2"},
      {"mpeg4.avi", SOURCE "-c:v mpeg4 -g 12 -bf 2"},
      {"mpeg4_no_b.avi", SOURCE "-c:v mpeg4 -g 12"},
      {"h264.avi", SOURCE "-c:v libx264 -g 12 -bf 2"},
      {"vp9.webm", SOURCE "-c:v libvpx-vp9 -b:v 200k -auto-alt-ref 1 -lag-in-frames 16 -g 20 "
                          "-deadline realtime -cpu-used 8"},
      {"vp8.webm", SOURCE "-c:v libvpx -b:v 200k -auto-alt-ref 1 -lag-in-frames 16 -g 20"},
      {"av1.mkv", SHORT "-c:v libsvtav1 -preset 12 -g 10"},
      {"prores.mov", SHORT "-c:v prores_ks"},
      {"ffv1.mkv", SHORT "-c:v ffv1 -g 10"},
      {"mjpeg.avi", SHORT "-c:v mjpeg -strict unofficial"},
      {"qtrle.mov", SHORT "-pix_fmt rgb24 -c:v qtrle -g 5"},
      {"raw_nv12.nut", SHORT "-pix_fmt nv12 -c:v rawvideo"},
      {"raw_uyvy.mov", SHORT "-pix_fmt uyvy422 -c:v rawvideo"},
      {"animation.gif", "-f lavfi -i testsrc2=s=96x64:r=10:d=1"},
      {"delayed.mkv", SOURCE "-c:v libx264 -g 12 -output_ts_offset 1.5"},
      {"delayed.mp4", SOURCE "-c:v libx264 -g 12 -bf 2 -output_ts_offset 1.5"},
      {"vfr.mp4", SOURCE "-vf select='not(mod(n\\,3))+not(mod(n\\,7))' -vsync vfr -c:v libx264 "
                         "-g 6 -bf 2"},
      {"interlaced.ts", SOURCE "-c:v libx264 -g 12 -flags +ildct+ilme -x264-params tff=1"},
      {"interlaced_mpeg2.ts", SOURCE "-c:v mpeg2video -flags +ildct+ilme -top 1 -bf 2"},
      {"odd.mp4", "-f lavfi -i testsrc2=s=191x127:r=25:d=1 -pix_fmt yuv444p -c:v libx264 -g 6"},
      {"still.mkv", "-f lavfi -i color=c=red:s=64x64:r=25:d=3 -c:v libx264 -g 12 -bf 2"},
  };
  return films;
}

std::vector<fs::path> SharedFilms() {
  std::vector<fs::path> films;
  for (const std::string folder : {"footage", "footage/real"}) {
    if (!fs::exists(SharedFile(folder))) continue;
    for (const fs::directory_entry& entry : fs::directory_iterator(SharedFile(folder))) {
      const std::string extension = entry.path().extension().string();
      const std::string name = entry.path().stem().string();
      if (name == "garbage" || name == "truncated_nomoov") continue;
      if (name.ends_with("_right")) continue;  // made as the left ones are
      if (extension == ".mp4" || extension == ".mkv" || extension == ".ts") {
        films.push_back(entry.path());
      }
    }
  }
  std::sort(films.begin(), films.end());
  return films;
}

std::string TestNameOf(const MadeFilm& film) {
  std::string name = film.name;
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

}  // namespace stereofarm
