import QtQuick
import Matinee.Theme
import Matinee.Video

// The clip of the card that the viewer rests on, in that card's frame. One for the whole window.
Item {
    id: root

    required property QtObject clips
    property bool allowed: true // clips may play now
    readonly property Item card: allowed ? Resting.card : null
    readonly property string wanted: card?.titleId ?? ""
    readonly property alias waiting: rest.running
    readonly property bool playing: wanted && clips.titleId === wanted

    // Two cards may be of one title, and a card may become another title's.
    onCardChanged: settle()
    onWantedChanged: settle()
    function settle() {
        clips.rest("")
        if (card?.titleId) {
            parent = card.stage
            rest.restart()
        } else {
            rest.stop()
        }
    }
    anchors.fill: parent
    opacity: playing ? 1 : 0
    visible: opacity > 0
    Behavior on opacity { NumberAnimation { duration: Theme.clipFades } }

    Timer {
        id: rest
        interval: Theme.clipWaits
        onTriggered: root.clips.rest(root.card?.titleId ?? "")
    }
    ClipSurface {
        objectName: "clip"
        anchors.fill: parent
        Accessible.ignored: true
    }
}
