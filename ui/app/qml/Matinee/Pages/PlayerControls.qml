import QtQuick
import Matinee.Theme
import Matinee.Controls

// The row of buttons under the timeline. Left and Right walk over both groups.
FocusScope {
    id: root

    required property QtObject player
    property bool tv: false
    property bool fullScreen: false
    property bool statisticsShown: false

    signal menuAsked(string which, Item button)
    signal statisticsToggled()
    signal fullScreenToggled()
    signal smallToggled()

    implicitHeight: Theme.control

    function openTools() {
        menuAsked("tools", tools)
    }
    function enter() {
        if (!left.activeFocus && !right.activeFocus)
            (right.focus && !left.focus ? right : left).enter()
    }

    FocusRow {
        id: left
        spacing: Theme.tiny
        focus: true
        onBeyondEnd: right.enterFirst()
        IconButton {
            objectName: "playPause"
            icon: root.player.paused ? "play" : "pause"
            name: root.player.paused ? qsTr("Play") : qsTr("Pause")
            plain: true
            focus: true
            onPressed: root.player.toggle()
        }
        IconButton {
            objectName: "rewind"
            icon: "rewind"
            name: qsTr("Back 10 seconds")
            onPressed: root.player.step(-1)
        }
        IconButton {
            objectName: "forward"
            icon: "forward"
            name: qsTr("Forward 10 seconds")
            onPressed: root.player.step(1)
        }
        IconButton {
            id: startOver
            objectName: "startOver"
            icon: "restart"
            caption: qsTr("Start over")
            name: qsTr("Start this programme over")
            visible: root.player.canStartOver
            onVisibleChanged: if (!visible && activeFocus) left.enterFirst()
            onPressed: root.player.startOver()
        }
        IconButton {
            objectName: "record"
            icon: "plus"
            caption: root.player.recorded || qsTr("Record")
            name: root.player.recorded || qsTr("Record this programme")
            visible: root.player.canRecord
            onVisibleChanged: if (!visible && activeFocus) left.enterFirst()
            onPressed: root.player.record()
        }
        IconButton {
            objectName: "goLive"
            icon: "live"
            caption: qsTr("Live")
            name: qsTr("Go to live")
            visible: root.player.live
            checked: root.player.atLive
            onPressed: root.player.goLive()
        }
        IconButton {
            objectName: "mute"
            icon: root.player.muted || root.player.volume === 0 ? "muted" : root.player.volume < 50 ? "volume-low" : "volume"
            name: root.player.muted ? qsTr("Sound on") : qsTr("Mute")
            onPressed: root.player.toggleMuted()
        }
        VolumeSlider {
            objectName: "volume"
            visible: !root.tv
            value: root.player.volume
            muted: root.player.muted
            onChosen: value => root.player.setVolume(value)
        }
    }
    FocusRow {
        id: right
        anchors.right: parent.right
        spacing: Theme.tiny
        onBeyondBegin: left.enterLast()
        IconButton {
            id: quality
            objectName: "quality"
            icon: "quality"
            caption: root.player.fixedRung || qsTr("Auto")
            name: qsTr("Quality")
            visible: root.player.qualities.count > 1
            onPressed: root.menuAsked("quality", quality)
        }
        IconButton {
            id: audio
            objectName: "audio"
            icon: "audio"
            name: qsTr("Audio")
            visible: root.player.audioTracks.count > 1
            onPressed: root.menuAsked("audio", audio)
        }
        IconButton {
            id: subtitles
            objectName: "subtitles"
            icon: "subtitles"
            name: qsTr("Subtitles")
            visible: root.player.textTracks.count > 0
            onPressed: root.menuAsked("subtitles", subtitles)
        }
        IconButton {
            id: speed
            objectName: "speed"
            icon: "speed"
            name: qsTr("Speed")
            visible: !root.player.live
            onPressed: root.menuAsked("speed", speed)
        }
        IconButton {
            id: tools
            objectName: "tools"
            icon: "settings"
            name: qsTr("Tools")
            onPressed: root.openTools()
        }
        IconButton {
            objectName: "statistics"
            icon: "statistics"
            name: qsTr("Statistics")
            checked: root.statisticsShown
            onPressed: root.statisticsToggled()
        }
        IconButton {
            objectName: "pictureInPicture"
            icon: "small"
            name: qsTr("Picture in picture")
            visible: !root.tv
            onPressed: root.smallToggled()
        }
        IconButton {
            objectName: "fullScreen"
            icon: root.fullScreen ? "windowed" : "fullscreen"
            name: root.fullScreen ? qsTr("Leave full screen") : qsTr("Full screen")
            visible: !root.tv
            onPressed: root.fullScreenToggled()
        }
    }
}
