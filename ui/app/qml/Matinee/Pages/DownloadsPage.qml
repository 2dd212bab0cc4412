pragma ComponentBehavior: Bound
import QtQuick
import Matinee.Theme
import Matinee.Controls

// The queue of downloads with the disk they are on; Enter on a line offers what can be done with it.
FocusScope {
    id: root

    required property QtObject downloads
    readonly property bool empty: downloads.known && lines.count === 0

    signal play(string downloadId)
    signal leaving()

    function enter() {
        menu.visible = false
        if (lines.count > 0)
            lines.forceActiveFocus(Qt.OtherFocusReason)
        else
            bar.forceActiveFocus(Qt.OtherFocusReason)
    }
    function enterAnew() {
        if (activeFocus && !menu.visible)
            enter()
    }
    function goBack() {
        if (menu.visible)
            menu.close()
        else
            leaving()
    }

    Accessible.role: Accessible.Pane
    Accessible.name: qsTr("Downloads")
    Keys.onEscapePressed: goBack()
    Keys.onBackPressed: goBack()
    Keys.onPressed: event => {
        event.accepted = event.key === Qt.Key_Backspace
        if (event.accepted)
            goBack()
    }

    Rectangle { anchors.fill: parent; color: Theme.background }
    PageTop {
        id: bar
        anchors { left: parent.left; leftMargin: Theme.margin }
        y: Theme.px(30)
        heading: qsTr("Downloads")
        backName: "leaveDownloads"
        focus: true
        onLeaving: root.leaving()
        Keys.onDownPressed: if (lines.count > 0) lines.forceActiveFocus(Qt.OtherFocusReason)
    }
    Column {
        objectName: "storage"
        anchors { right: parent.right; rightMargin: Theme.margin; verticalCenter: bar.verticalCenter }
        width: Theme.px(300)
        spacing: Theme.tight
        visible: root.downloads.known
        Label {
            width: parent.width
            horizontalAlignment: Text.AlignRight
            text: root.downloads.storage
            color: Theme.muted
            font.pixelSize: Theme.small
        }
        Rectangle {
            width: parent.width
            height: Theme.px(6)
            radius: height / 2
            color: Theme.track
            Rectangle {
                width: Math.max(parent.height, parent.width * root.downloads.storageShare)
                height: parent.height
                radius: height / 2
                color: Theme.accent
                visible: root.downloads.storageShare > 0
            }
        }
        Label {
            objectName: "places"
            width: parent.width
            horizontalAlignment: Text.AlignRight
            visible: text
            text: root.downloads.places
            color: Theme.muted
            font.pixelSize: Theme.small
        }
    }
    ListView {
        id: lines
        objectName: "downloadLines"
        anchors { left: parent.left; right: parent.right; top: bar.bottom; bottom: parent.bottom }
        anchors { leftMargin: Theme.margin - Theme.tight; rightMargin: Theme.margin - Theme.tight; topMargin: Theme.wide }
        topMargin: Theme.tight
        bottomMargin: Theme.margin
        clip: true
        spacing: Theme.px(12)
        boundsBehavior: Flickable.StopAtBounds
        highlightMoveDuration: Theme.calm
        highlightMoveVelocity: -1
        model: root.downloads.lines
        Accessible.role: Accessible.List
        Accessible.name: qsTr("Downloads")
        onCountChanged: Qt.callLater(root.enterAnew) // after the view has settled
        Keys.onUpPressed: currentIndex > 0 ? --currentIndex : bar.forceActiveFocus(Qt.OtherFocusReason)
        Keys.onDownPressed: currentIndex = Math.min(count - 1, currentIndex + 1)
        delegate: DownloadLine {
            anchors.horizontalCenter: parent?.horizontalCenter
            width: ListView.view.width - 2 * Theme.tight
            onPressed: {
                lines.currentIndex = index
                root.downloads.offer(downloadId)
                menu.about = downloadId
                menu.heading = title
                menu.openAt(this)
            }
        }
    }
    StateMessage {
        objectName: "noDownloads"
        anchors.centerIn: parent
        visible: root.empty
        icon: "download"
        heading: qsTr("Nothing downloaded yet")
        sentence: qsTr("Download a title on its page to watch it without a network.")
    }
    NoticeLine {
        objectName: "downloadsNotice"
        anchors { horizontalCenter: parent.horizontalCenter; bottom: parent.bottom; bottomMargin: Theme.wide }
        text: root.downloads.notice
    }
    ChoiceMenu {
        id: menu
        objectName: "downloadMenu"
        property string about
        anchors.fill: parent
        model: root.downloads.options
        onChosen: action => action === "play" ? root.play(about) : root.downloads.act(about, action)
        onClosed: if (lines.count === 0) root.enter()
    }
}
