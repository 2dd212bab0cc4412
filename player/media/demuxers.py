"""FFmpeg's demuxers that may read a file of the viewer's own, for libmpv's FFmpeg and for PyAV's."""

DEMUXERS = (
    "aac,ac3,aiff,amr,ape,asf,ass,au,av1,avi,caf,dsf,dts,dtshd,dv,eac3,flac,flv,gxf,h261,h263,h264,hevc,ivf"
    ",live_flv,m4v,matroska,webm,mjpeg,mov,mp4,m4a,3gp,3g2,mj2,mlp,mp3,mpc,mpc8,mpeg,mpegts,mpegvideo,mxf,nsv,nut,obu"
    ",ogg,rm,swf,truehd,tta,vc1,voc,w64,wav,wtv,wv,xwma,y4m,yuv4mpegpipe,amrnb,amrwb"
)
"""FFmpeg's names. None of these opens other files where ``access-references`` is off; text formats but ASS, image
sequences, playlists, streaming manifests, SDP, concat and VobSub are not among them."""
