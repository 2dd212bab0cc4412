import QtQuick
import Matinee.Theme
import Matinee.Controls

// Over the playing picture: a button to skip the intro, and the next episode once the credits run.
FocusScope {
    id: root

    required property QtObject upNext
    readonly property bool introShown: upNext.introShown
    readonly property bool nextShown: upNext.offered
    readonly property bool offering: introShown || nextShown

    signal introSkipped()
    signal stepped(int direction)

    implicitWidth: nextShown ? card.width : skip.width
    implicitHeight: nextShown ? card.height : skip.height
    visible: offering
    enabled: visible

    function enter() { (nextShown ? buttons : skip).forceActiveFocus(Qt.OtherFocusReason) }

    ActionButton {
        id: skip
        objectName: "skipIntro"
        anchors { right: parent.right; bottom: parent.bottom }
        text: qsTr("Skip intro")
        focus: !root.nextShown
        visible: root.introShown && !root.nextShown
        onPressed: root.introSkipped()
        Keys.onLeftPressed: root.stepped(-1)
        Keys.onRightPressed: root.stepped(1)
    }
    Rectangle {
        id: card
        objectName: "nextEpisode"
        anchors { right: parent.right; bottom: parent.bottom }
        width: Math.max(Theme.px(400), buttons.implicitWidth + 2 * Theme.wide + (picture.visible ? picture.width + Theme.gap : 0))
        height: Math.max(column.implicitHeight, picture.visible ? picture.height : 0) + 2 * Theme.wide
        radius: Theme.radius
        color: Theme.panel
        border.width: 1
        border.color: Theme.line
        visible: root.nextShown
        Accessible.role: Accessible.AlertMessage
        Accessible.name: qsTr("Next episode: %1").arg(what.text)

        Image {
            id: picture
            x: Theme.wide
            anchors.verticalCenter: parent.verticalCenter
            width: Theme.px(176)
            height: Math.round(width / Theme.posterAspect)
            source: root.upNext.poster
            sourceSize.width: width * 1.5
            asynchronous: true
            fillMode: Image.PreserveAspectCrop
            visible: status === Image.Ready
            Accessible.ignored: true
        }
        Column {
            id: column
            anchors { left: picture.visible ? picture.right : parent.left; right: parent.right; margins: Theme.wide }
            anchors { leftMargin: picture.visible ? Theme.gap : Theme.wide; verticalCenter: parent.verticalCenter }
            spacing: Theme.tight
            Label {
                objectName: "nextWhen"
                text: root.upNext.secondsLeft > 0 ? qsTr("Next episode in %1 s").arg(root.upNext.secondsLeft)
                                                  : qsTr("Next episode")
                color: Theme.muted
                font.pixelSize: Theme.small
            }
            Label {
                id: what
                objectName: "nextName"
                width: parent.width
                text: root.upNext.place + "  ·  " + root.upNext.name
                font.pixelSize: Theme.heading
                font.weight: Font.DemiBold
                Accessible.ignored: true
            }
            Item { width: 1; height: Theme.tiny }
            FocusRow {
                id: buttons
                spacing: Theme.gap
                focus: root.nextShown
                ActionButton {
                    objectName: "playNext"
                    text: qsTr("Play now")
                    icon: "play"
                    primary: true
                    focus: true
                    onPressed: root.upNext.playNow()
                }
                ActionButton {
                    objectName: "watchCredits"
                    text: qsTr("Watch the credits")
                    onPressed: root.upNext.dismiss()
                }
            }
        }
    }
}
