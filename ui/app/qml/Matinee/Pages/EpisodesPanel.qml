pragma ComponentBehavior: Bound
import QtQuick
import Matinee.Theme
import Matinee.Controls

// The episodes of one season of a series. Enter plays one; the button beside it leads to its page.
FocusScope {
    id: root

    required property QtObject episodes
    readonly property string season: episodes.seasonName

    signal played(string titleId)
    signal shown(string titleId)
    signal seasonsAsked(Item button)
    signal beyond() // towards the title, or Down from the last line

    Accessible.role: Accessible.Pane
    Accessible.name: qsTr("Episodes")

    function enter() { list.forceActiveFocus(Qt.OtherFocusReason) }
    // Another season begins at its first line, that of the viewer at the episode to go on with.
    function begin() {
        list.currentIndex = episodes.currentRow
        list.positionViewAtIndex(list.currentIndex, ListView.Contain)
    }

    Keys.onLeftPressed: if (!LayoutMirroring.enabled) beyond()
    Keys.onRightPressed: if (LayoutMirroring.enabled) beyond()
    Keys.onDownPressed: beyond()
    Keys.onUpPressed: event => event.accepted = true

    Rectangle {
        anchors.fill: parent
        radius: Theme.radius
        color: Theme.panel
        border.width: 1
        border.color: Theme.line
    }
    Label {
        anchors { left: parent.left; leftMargin: Theme.wide; verticalCenter: seasons.verticalCenter }
        width: parent.width - 2 * Theme.wide - (seasons.visible ? seasons.width : 0)
        text: seasons.visible ? qsTr("Episodes") : root.season || qsTr("Episodes")
        font.pixelSize: Theme.heading
        font.weight: Font.DemiBold
        Accessible.role: Accessible.Heading
    }
    TextMetrics {
        id: words
        text: root.season
        font { family: Theme.family; pixelSize: Theme.body; weight: Font.DemiBold }
        elide: Text.ElideRight
        elideWidth: root.width * 0.55
    }
    ActionButton {
        id: seasons
        objectName: "chooseSeason"
        anchors { right: parent.right; top: parent.top; margins: Theme.gap }
        text: words.elidedText
        name: qsTr("%1, choose another").arg(root.season)
        visible: root.episodes.seasons.count > 1
        onPressed: root.seasonsAsked(this)
        Keys.onDownPressed: root.enter()
    }
    ListView {
        id: list
        objectName: "episodes"
        anchors { left: parent.left; right: parent.right; top: seasons.bottom; bottom: parent.bottom }
        anchors { margins: Theme.tight; topMargin: Theme.gap }
        clip: true
        focus: true
        spacing: Theme.tiny
        cacheBuffer: 600
        boundsBehavior: Flickable.StopAtBounds
        highlightMoveDuration: Theme.calm
        highlightMoveVelocity: -1
        highlightRangeMode: ListView.ApplyRange
        preferredHighlightBegin: 0
        preferredHighlightEnd: height
        model: root.episodes.lines
        Accessible.role: Accessible.List
        Accessible.name: root.season
        Keys.priority: Keys.AfterItem
        Keys.onUpPressed: if (seasons.visible) seasons.forceActiveFocus(Qt.OtherFocusReason)
        delegate: FocusScope {
            id: line

            required property int index
            required property string titleId
            required property string name
            required property string facts
            required property string poster
            required property real progress

            width: ListView.view.width
            height: Theme.px(88)

            Pressable {
                id: whole
                objectName: "episode_" + line.index
                name: line.name
                description: line.facts
                focus: true
                anchors { left: parent.left; right: more.left; top: parent.top; bottom: parent.bottom }
                anchors { margins: Theme.px(6); rightMargin: Theme.tight } // the list cuts no ring
                onPressed: {
                    list.currentIndex = line.index
                    root.played(line.titleId)
                }
                Keys.onRightPressed: event => goAside(event, !LayoutMirroring.enabled)
                Keys.onLeftPressed: event => goAside(event, LayoutMirroring.enabled)
                function goAside(event: var, towards: bool) {
                    event.accepted = towards
                    if (towards)
                        more.forceActiveFocus(Qt.OtherFocusReason)
                }

                Rectangle {
                    anchors.fill: parent
                    radius: Theme.radius
                    color: whole.hovered || whole.activeFocus ? Theme.raisedHover : Theme.clear
                }
                Rectangle {
                    id: frame
                    anchors { left: parent.left; leftMargin: Theme.tight; verticalCenter: parent.verticalCenter }
                    width: Math.round(height * Theme.posterAspect)
                    height: parent.height - 2 * Theme.tight
                    color: Theme.raised
                    Image {
                        anchors.fill: parent
                        source: line.poster
                        sourceSize.width: width * 1.5
                        asynchronous: true
                        fillMode: Image.PreserveAspectCrop
                        Accessible.ignored: true
                    }
                    Rectangle {
                        anchors { left: parent.left; right: parent.right; bottom: parent.bottom }
                        height: Theme.px(4)
                        color: Theme.shade
                        visible: line.progress > 0
                        Rectangle {
                            anchors.left: parent.left
                            width: parent.width * line.progress
                            height: parent.height
                            color: Theme.accent
                        }
                    }
                }
                Column {
                    anchors { left: frame.right; right: parent.right; margins: Theme.gap }
                    anchors.verticalCenter: parent.verticalCenter
                    spacing: Theme.tiny
                    Label {
                        width: parent.width
                        text: line.name
                        font.weight: Font.DemiBold
                        Accessible.ignored: true
                    }
                    Label {
                        width: parent.width
                        text: line.facts
                        color: Theme.muted
                        font.pixelSize: Theme.small
                        Accessible.ignored: true
                    }
                }
            }
            IconButton {
                id: more
                objectName: "episodeMore_" + line.index
                anchors { right: parent.right; rightMargin: Theme.tight; verticalCenter: parent.verticalCenter }
                icon: "info"
                name: qsTr("More about %1").arg(line.name)
                onPressed: {
                    list.currentIndex = line.index
                    root.shown(line.titleId)
                }
                Keys.onLeftPressed: event => goBack(event, !LayoutMirroring.enabled)
                Keys.onRightPressed: event => goBack(event, LayoutMirroring.enabled)
                function goBack(event: var, towards: bool) {
                    event.accepted = towards
                    if (towards)
                        whole.forceActiveFocus(Qt.OtherFocusReason)
                }
            }
        }
    }
    Connections {
        target: root.episodes
        function onSeasonShown() { root.begin() }
    }
}
